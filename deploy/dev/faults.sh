# ./dev faults: services, broker and database are killed under load, by relais-faults, which also says what was lost.
# shellcheck shell=bash

dev_faults() {
  local passed=()
  while (($# > 0)); do
    case $1 in
      --broker) choose_broker "${2:-}" && shift ;;
      *) passed+=("$1") ;; # the program knows its own
    esac
    shift
  done
  begin_session postgres rabbitmq
  say 'building'
  run_child cargo build "${SCOPE[@]}" --bins
  await_servers
  play_faults "${passed[@]}"
}

# Servers that were given have no scripts in the state folder: the program leaves them alone.
play_faults() {
  say 'killing'
  run_child "$RELAIS_DEV_BIN/relais-faults" "$@"
}
