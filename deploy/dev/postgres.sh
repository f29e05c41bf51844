# A private PostgreSQL cluster in the state folder. Durability stays on: the tests kill services and count on it.
# shellcheck shell=bash

start_postgres() {
  local bin dir=$RELAIS_DEV_STATE/postgres tries
  bin=$(find_postgres)
  say "starting PostgreSQL ($bin)"
  pg_password=$(random_hex 16)
  mkdir -m 700 "$dir"
  printf '%s\n' "$pg_password" >"$dir/password"
  ((EUID != 0)) || chown -R "$(postgres_user)" "$dir"
  as_postgres "$bin/initdb" --pgdata="$dir/data" --username=postgres --pwfile="$dir/password" --auth=scram-sha-256 \
    --encoding=UTF8 --locale=C.UTF-8 --no-sync >"$RELAIS_DEV_STATE/initdb.log" 2>&1 || show_and_fail initdb.log
  for tries in 1 2 3; do
    pg_port=$(free_port) # may be taken by the time it is used; then once more
    if as_postgres "$bin/pg_ctl" start --wait --silent --pgdata="$dir/data" --log="$dir/log" --options="-p $pg_port \
      -c listen_addresses=127.0.0.1 -c unix_socket_directories=$dir -c max_connections=300" >/dev/null; then
      export RELAIS_DEV_DATABASE_URL="postgres://postgres:$pg_password@127.0.0.1:$pg_port/postgres"
      return
    fi
    ((tries < 3)) || show_and_fail postgres/log
  done
}

show_and_fail() {
  tail -n 30 "$RELAIS_DEV_STATE/$1" >&2
  fail "could not start a private server, see above ($1)"
}

# PostgreSQL refuses to run as root.
as_postgres() (
  cd "$RELAIS_DEV_STATE/postgres" || exit # the caller's folder may be closed to PostgreSQL's user
  ((EUID != 0)) || set -- setpriv --reuid="$(postgres_user)" --regid="$(id -g "$(postgres_user)")" --clear-groups "$@"
  as_server "$RELAIS_DEV_STATE/postgres" "$@"
)

postgres_user() { id -un postgres 2>/dev/null || echo nobody; }

# SIGQUIT is its immediate stop. Never SIGKILL first: that would leave shared memory behind.
quit_postgres() {
  local pid tries
  { read -r pid <"$1/postgres/data/postmaster.pid"; } 2>/dev/null || return 0
  for ((tries = 0; tries < 100; tries++)); do
    grep -qszxF "RELAIS_DEV_SERVER=$1" "/proc/$pid/environ" || return 0
    ((tries > 0)) || kill -s QUIT "$pid"
    sleep 0.1
  done
}
