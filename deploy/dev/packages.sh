# What must be there: found, or on Debian installed in such a way that installing starts nothing.
# shellcheck shell=bash
# shellcheck disable=SC2154 # broker and rabbitmq_root are set in broker.sh

GUARD_POLICY=/usr/sbin/policy-rc.d
GUARD_CLUSTER=/etc/postgresql-common/createcluster.d/relais.conf
GUARD_MARK='# Written by ./dev of Relais for the time of an installation; may be removed.'

need_compiler() {
  type -P cargo >/dev/null || fail 'cargo is missing: install Rust from https://rustup.rs (rust-toolchain.toml names the version)'
  type -P cc >/dev/null || fail 'a C compiler is missing: apt-get install build-essential'
}

# need_servers [postgres] [rabbitmq]: all that is missing is installed in one go.
need_servers() {
  [[ -d /proc/self ]] || fail 'private servers need Linux; elsewhere give DATABASE_URL and AMQP_URL'
  local server missing=()
  for server; do
    if [[ $server == rabbitmq && -n $broker ]]; then need_broker; fi
    [[ -z $("find_$server") ]] || continue
    case $server in
      postgres) missing+=(postgresql) ;;
      rabbitmq) missing+=(rabbitmq-server) ;;
    esac
  done
  ((${#missing[@]} == 0)) || install_packages "${missing[@]}"
}

# The newest folder that really holds the server: what is in PATH may be a wrapper or a link.
find_postgres() {
  local dir in_path
  in_path=$(type -P pg_ctl || true)
  for dir in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin ${in_path:+"$(dirname "$(readlink -f "$in_path")")"}; do
    [[ ! -x $dir/initdb || ! -x $dir/pg_ctl || ! -x $dir/postgres ]] || echo "$dir"
  done | sort -V | tail -n 1
}

# RabbitMQ's own script: the one that Debian puts into PATH changes user and folder.
find_rabbitmq() {
  local script
  for script in "$rabbitmq_root"{{/usr/lib/rabbitmq/lib,/opt}/rabbitmq_server-*,/opt/rabbitmq}/sbin/rabbitmq-server; do
    [[ ! -x $script ]] || echo "$script"
  done | sort -V | tail -n 1
}

# Read from the name of its main part, for it has no quick way to say it.
rabbitmq_version() {
  local part
  for part in "${1%/sbin/*}"/plugins/rabbit-[0-9]*; do
    [[ ! -e $part ]] || basename "${part##*/rabbit-}" .ez
  done
}

install_packages() {
  local as_root=()
  ((EUID == 0)) || as_root=(sudo -n)
  if ! type -P apt-get >/dev/null || ! "${as_root[@]}" true 2>/dev/null; then
    fail "missing: $* (so named in Debian). Install them, or give DATABASE_URL and AMQP_URL for servers of your own"
  fi
  say "installing $* (this starts no service)"
  (
    log=$(mktemp)
    trap 'remove_guards; rm -f "$log"' EXIT
    remove_guards
    [[ -e $GUARD_POLICY ]] || guard "$GUARD_POLICY" '#!/bin/sh' 'exit 101'
    [[ $* != *postgresql* ]] || guard "$GUARD_CLUSTER" 'create_main_cluster = false'
    apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@" >>"$log" 2>&1; }
    install=(install -y --no-install-recommends "$@")
    # Package lists may be missing or too old; only then are they fetched.
    apt "${install[@]}" || { apt update && apt "${install[@]}"; } || { cat "$log" >&2 && fail "could not install $*"; }
  )
}

# A guard keeps a package from starting its service, or from creating the system's own cluster.
guard() {
  "${as_root[@]}" mkdir -p "$(dirname "$1")"
  printf '%s\n' "$2" "$GUARD_MARK" "${@:3}" | "${as_root[@]}" tee "$1" >/dev/null
  "${as_root[@]}" chmod 755 "$1"
}

# Also called by ./dev clean, for an installation that was killed.
remove_guards() {
  local file as_root=()
  ((EUID == 0)) || as_root=(sudo -n)
  for file in "$GUARD_POLICY" "$GUARD_CLUSTER"; do
    ! grep -qsF "$GUARD_MARK" "$file" || "${as_root[@]}" rm -f "$file"
  done
  [[ ! -d ${GUARD_CLUSTER%/*} ]] || "${as_root[@]}" rmdir --ignore-fail-on-non-empty "${GUARD_CLUSTER%/*}"
}
