# ./dev faults: services, broker and database are killed under load, by relais-faults, which also says what was lost.
# shellcheck shell=bash

dev_faults() {
  local passed=()
  while (($# > 0)); do
    case $1 in
      --broker) choose_broker "${2:-}" && shift ;;
      --kills | --seed)
        [[ ${2:-} =~ ^[0-9]+$ ]] || wrong_usage "$1 takes a number"
        passed+=("$1" "$2") && shift
        ;;
      --kills=* | --seed=*)
        [[ ${1#*=} =~ ^[0-9]+$ ]] || wrong_usage "${1%%=*} takes a number"
        passed+=("$1")
        ;;
      # The program knows which there are.
      --outage | --planted) [[ -n ${2:-} ]] || wrong_usage "$1 takes a name" && passed+=("$1" "$2") && shift ;;
      --outage=* | --planted=*) passed+=("$1") ;;
      *) wrong_usage "faults takes --kills, --seed, --outage, --planted and --broker, not $1" ;;
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
