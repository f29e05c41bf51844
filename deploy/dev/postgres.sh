# A private PostgreSQL cluster in the state folder, its data perhaps in memory. Durability stays on: the tests kill services and
# count on it.
# shellcheck shell=bash

in_memory='' # whether its data is kept there, where there is room

start_postgres() {
  local bin dir=$RELAIS_DEV_STATE/postgres tries as_postgres
  bin=$(find_postgres)
  say "starting PostgreSQL ($bin)"
  pg_password=$(random_hex 16)
  mkdir -m 700 "$dir"
  [[ -z $in_memory ]] || keep_in_memory "$dir"
  printf '%s\n' "$pg_password" >"$dir/password"
  as_postgres=("${clean[@]}" HOME="$dir")
  if ((EUID == 0)); then # PostgreSQL refuses to run as root
    chown -R "$(postgres_user)" "$dir"
    as_postgres+=(setpriv --reuid="$(postgres_user)" --regid="$(id -g "$(postgres_user)")" --clear-groups)
  fi
  # From its folder, since the caller's may be closed to PostgreSQL's user.
  (cd "$dir" && "${as_postgres[@]}" "$bin/initdb" --pgdata="$dir/data" --username=postgres --pwfile="$dir/password" \
    --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --no-sync) >"$RELAIS_DEV_STATE/initdb.log" 2>&1 || show_and_fail initdb.log
  for tries in 1 2 3; do
    pg_port=$(free_port) # may be taken by the time it is used; then once more
    write_postgres_start "${as_postgres[@]}" "$bin/postgres" -D "$dir/data" -p "$pg_port" -c listen_addresses=127.0.0.1 \
      -c unix_socket_directories="$dir" -c max_connections=300 ${RELAIS_DEV_COMMIT_TIMES:+-c track_commit_timestamp=on}
    set -m # a process group of its own: a Ctrl-C in the terminal leaves it to us
    "$dir/start" &
    set +m
    disown -a # bash is not to report its end
    if await_postgres "$!"; then
      export RELAIS_DEV_DATABASE_URL="postgres://postgres:$pg_password@127.0.0.1:$pg_port/postgres"
      return
    fi
    ((tries < 3)) || show_and_fail postgres/log
  done
}

# keep_in_memory DIR: where there is plenty, the data of a run that is thrown away goes to memory. To a process that is
# killed it is as a disk; but a disk's file system takes longer the more files were deleted just before.
keep_in_memory() {
  local place=/dev/shm gib=$((1024 * 1024)) free available
  free=$(df --output=avail "$place" 2>/dev/null | tail -n 1) || return 0
  available=$(awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo)
  ((${free:-0} >= 6 * gib && ${available:-0} >= 12 * gib)) || return 0
  place=$(mktemp -d "$place/relais.XXXXXX")
  ((EUID != 0)) || chown "$(postgres_user)" "$place"
  ln -s "$place" "$1/data"
}

# forget_memory DIR: what keep_in_memory took.
forget_memory() {
  local place
  place=$(readlink "$1/data") || return 0
  [[ $place != /dev/shm/relais.* ]] || rm -rf "$place"
}

# write_postgres_start COMMAND...: the script that becomes the server, for us and for tests that kill it. PostgreSQL
# refuses to start while anything of a killed server is left, so the script waits for that, up to ten seconds.
write_postgres_start() {
  local dir=$RELAIS_DEV_STATE/postgres
  cat >"$dir/start" <<END
#!/usr/bin/env bash
# Becomes the PostgreSQL of this run. Further arguments are further options.
cd ${dir@Q} || exit
exec </dev/null >>log 2>&1
$(declare -f processes_in is_left_over)
for ((tries = 0; tries < 100; tries++)); do
  is_left_over || break
  sleep 0.1
done
echo "\$\$" >pid
exec ${*@Q} "\$@"
END
  chmod 755 "$dir/start"
}

# Backends go by themselves, soon after their server; the server itself when its parent has asked how it ended.
is_left_over() {
  local pid
  [[ -z $(processes_in data) ]] || return 0
  { read -r pid <data/postmaster.pid && [[ $(<"/proc/$pid/comm") == postgres ]]; } 2>/dev/null
}

# The server says in the last line of its pid file when it is ready.
await_postgres() {
  local file=$RELAIS_DEV_STATE/postgres/data/postmaster.pid deadline=$((SECONDS + 60)) lines
  while kill -0 "$1" 2>/dev/null && ((SECONDS < deadline)); do
    { mapfile -t lines <"$file"; } 2>/dev/null || lines=()
    [[ ${lines[0]:-} != "$1" || ${lines[7]:-} != ready* ]] || return 0
    sleep 0.1
  done
  return 1
}

show_and_fail() {
  tail -n 30 "$RELAIS_DEV_STATE/$1" >&2
  fail "could not start a private server, see above ($1)"
}

postgres_user() { id -un postgres 2>/dev/null || echo nobody; }

# SIGQUIT is its immediate stop. Never SIGKILL first: that would leave shared memory behind. Where a test did that,
# the server is started once more, for it removes what the one before left.
quit_postgres() {
  local dir=$1/postgres pid tries
  [[ -e $dir/data/postmaster.pid && -x $dir/start ]] || return 0
  if postmaster "$1" >/dev/null; then
    signal_all CONT "$dir/data"
  else
    signal_all KILL "$dir/data"
    "$dir/start" -c listen_addresses= & # its port may be somebody else's by now
  fi
  for ((tries = 0; tries < 150; tries++)); do
    [[ -e $dir/data/postmaster.pid ]] || return 0
    ! pid=$(postmaster "$1") || kill -s QUIT "$pid" 2>/dev/null || true
    sleep 0.1
  done
}

# The pid of a state's PostgreSQL, if it runs.
postmaster() {
  local pid
  { read -r pid <"$1/postgres/data/postmaster.pid"; } 2>/dev/null || return
  grep -qszxF "RELAIS_DEV_SERVER=$1" "/proc/$pid/environ" && echo "$pid"
}

signal_all() {
  local pids
  mapfile -t pids < <(processes_in "$2")
  ((${#pids[@]} == 0)) || kill -s "$1" "${pids[@]}" 2>/dev/null || true
}
