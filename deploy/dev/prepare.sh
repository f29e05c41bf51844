# ./dev prepare: asks a real database about every query and keeps the answers in .sqlx, for builds without one.
# The database is migrated with psql, so that changed queries need nothing of ours compiled before.
# shellcheck shell=bash
# shellcheck disable=SC2154 # pg_port and pg_password are set by start_postgres

SERVICES=(referral scheduling results notification)

dev_prepare() {
  (($# == 0)) || wrong_usage 'prepare takes no arguments'
  unset DATABASE_URL AMQP_URL # always a private PostgreSQL: nothing to drop from anybody's server
  begin_session
  prepare_into "$RELAIS_DEV_STATE/sqlx" || return
  local crate
  for crate in platform "${SERVICES[@]}"; do
    # Emptied first: entries of queries that are gone vanish.
    rm -rf "$(crate_folder "$crate")/.sqlx"
    cp -r "$RELAIS_DEV_STATE/sqlx/$crate" "$(crate_folder "$crate")/.sqlx"
  done
  say 'wrote .sqlx: commit what changed'
}

crate_folder() { [[ $1 == platform ]] && echo platform || echo "services/$1"; }

# prepare_into FOLDER: one folder of answers for each crate. Called under a condition, so nothing counts on set -e.
prepare_into() {
  local crate code=0
  need_servers postgres && start_postgres && migrate_all || return
  # The platform's tables are the same in each schema; referral's stand for them.
  export RELAIS_PLATFORM_DATABASE_URL=$RELAIS_REFERRAL_DATABASE_URL RELAIS_SQLX_FOLDER=$1
  for crate in platform "${SERVICES[@]}"; do
    mkdir -p "$1/$crate"
    touch_crate "$crate"
  done
  say 'compiling the queries against it'
  # One build of everything, with the features of all others; the wrapper says which crate writes where.
  RUSTC_WORKSPACE_WRAPPER=$ROOT/deploy/dev/rustc-online run_child cargo check "${SCOPE[@]}" --all-targets || code=$?
  for crate in platform "${SERVICES[@]}"; do untouch_crate "$crate"; done
  return "$code"
}

# Cargo does not know that a query's answer may have changed, so the crates must look changed. Their old date comes
# back afterwards, unless somebody has edited them meanwhile, since builds without a database are as good as before.
touch_crate() {
  local source
  source=$(crate_folder "$1")/src/lib.rs
  touch -r "$source" "$RELAIS_DEV_STATE/$1.before"
  touch "$source"
  touch -r "$source" "$RELAIS_DEV_STATE/$1.touched"
}

untouch_crate() {
  local source
  source=$(crate_folder "$1")/src/lib.rs
  [[ $source -nt $RELAIS_DEV_STATE/$1.touched ]] || touch -r "$RELAIS_DEV_STATE/$1.before" "$source"
}

migrate_all() {
  local service
  say 'migrating a database'
  sql postgres "$pg_password" -d postgres -c 'CREATE DATABASE relais' || return
  sql postgres "$pg_password" -c 'CREATE EXTENSION btree_gist' || return
  for service in "${SERVICES[@]}"; do migrate "$service" || return; done
}

# As set-up does it: an owner that migrates, a runtime role that may not, a schema that only they enter.
migrate() {
  local service=$1 owner=$1_owner runtime=$1_runtime file once
  sql postgres "$pg_password" <<END || return
    CREATE ROLE $owner LOGIN PASSWORD '$pg_password';
    CREATE ROLE $runtime LOGIN PASSWORD '$pg_password';
    CREATE SCHEMA $service AUTHORIZATION $owner;
    GRANT USAGE ON SCHEMA $service TO $runtime;
    ALTER DEFAULT PRIVILEGES FOR ROLE $owner IN SCHEMA $service GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO $runtime;
    ALTER DEFAULT PRIVILEGES FOR ROLE $owner IN SCHEMA $service GRANT USAGE ON SEQUENCES TO $runtime;
END
  for file in platform/migrations/*.sql "services/$service/migrations"/*.sql; do
    [[ -e $file ]] || continue
    once=--single-transaction
    ! grep -q '^-- no-transaction' "$file" || once=--no-psqlrc
    PGOPTIONS="-c search_path=$service,public -c relais.runtime_role=$runtime" sql "$owner" "$pg_password" "$once" -f "$file" || return
  done
  export "RELAIS_${service^^}_DATABASE_URL=postgres://$runtime:$pg_password@127.0.0.1:$pg_port/relais?options=-c%20search_path%3D$service,public"
}

# sql ROLE PASSWORD ARGS...: the password goes by the environment, for arguments can be seen by all.
sql() {
  PGHOST=127.0.0.1 PGPORT=$pg_port PGDATABASE=relais PGUSER=$1 PGPASSWORD=$2 \
    "$(find_postgres)/psql" --no-psqlrc --quiet --output=/dev/null -v ON_ERROR_STOP=1 "${@:3}"
}
