# One command's session: its state, its servers, its child program, and the end of them all.
# shellcheck shell=bash

child=
profile=debug # what cargo builds, and where the programs are

# begin_session [postgres] [rabbitmq]: the servers named are started, unless the caller gave them.
begin_session() {
  need_compiler
  trap finish EXIT
  trap 'interrupted 129' HUP
  trap 'interrupted 130' INT
  trap 'interrupted 141' PIPE
  trap 'interrupted 143' TERM
  export RELAIS_DEV_STATE RELAIS_DEV_PREFIX RELAIS_DEV_BIN RELAIS_DEV_DATABASE_URL RELAIS_DEV_AMQP_URL
  new_state
  RELAIS_DEV_PREFIX=relais_$(random_hex 4)
  RELAIS_DEV_BIN=$CARGO_TARGET_DIR/$profile
  RELAIS_DEV_DATABASE_URL=${DATABASE_URL:-}
  RELAIS_DEV_AMQP_URL=${AMQP_URL:-}
  unset DATABASE_URL AMQP_URL # one name each from here on
  ensure_answers DATABASE_URL "$RELAIS_DEV_DATABASE_URL"
  ensure_answers AMQP_URL "$RELAIS_DEV_AMQP_URL"
  start_servers "$@"
}

# ensure_answers VARIABLE URL: somebody listens where it points to. Before the build, which takes minutes. What is no
# HOST[:PORT], such as a socket, is left to whoever connects.
ensure_answers() {
  local host port=5432
  [[ $2 =~ ^(postgres|postgresql|amqp)://([^@/]*@)?([^:/?]+)(:([0-9]+))?(/|\?|$) ]] || return 0
  host=${BASH_REMATCH[3]}
  [[ ${BASH_REMATCH[1]} != amqp ]] || port=5672
  port=${BASH_REMATCH[5]:-$port}
  (: <"/dev/tcp/$host/$port") 2>/dev/null || fail "$1: nobody answers at $host:$port"
}

start_servers() {
  local server private=() given
  for server; do
    [[ $server == postgres ]] && given=$RELAIS_DEV_DATABASE_URL || given=$RELAIS_DEV_AMQP_URL
    if [[ -n $given ]]; then touch "$RELAIS_DEV_STATE/given"; else private+=("$server"); fi
  done
  need_servers "${private[@]}"
  # RabbitMQ takes some seconds: it boots while PostgreSQL is created and cargo builds; see await_servers.
  [[ " ${private[*]} " != *' rabbitmq '* ]] || start_rabbitmq
  [[ " ${private[*]} " != *' postgres '* ]] || start_postgres
  write_env
}

# What a process of this run needs to know, for ./dev token and ./dev clean. It holds passwords.
write_env() (
  umask 077
  for name in "${!RELAIS_DEV_@}"; do printf '%s=%q\n' "$name" "${!name}"; done >"$RELAIS_DEV_STATE/env"
)

await_servers() { await_rabbitmq; }

# Runs a program and returns its exit code. In the background and in a process group of its own: signals reach this
# script at once and it decides who ends first, also when a terminal sends Ctrl-C to all.
run_child() {
  local code=0
  set -m
  "$@" </dev/null &
  child=$!
  set +m
  wait "$child" || code=$?
  child=
  return "$code"
}

interrupted() {
  trap '' HUP INT PIPE TERM # once is enough
  trap - EXIT
  finish
  exit "$1"
}

finish() {
  set +e
  trap '' HUP INT PIPE TERM
  [[ -d ${RELAIS_DEV_STATE:-} ]] || return 0
  say 'stopping'
  # The child alone at first: relais-story stops its services itself.
  local deadline=$((SECONDS + 20))
  [[ -z $child ]] || kill -s TERM "$child" 2>/dev/null
  while [[ -n $child ]] && kill -0 "$child" 2>/dev/null && ((SECONDS < deadline)); do sleep 0.1; done
  end_state "$RELAIS_DEV_STATE"
  forget_stay
}
