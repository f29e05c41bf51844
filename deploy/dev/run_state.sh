# The state folder of one run, and the end of everything that belongs to it.
#
# Every process of a run carries the folder in its environment: RELAIS_DEV_STATE in the programs that are run,
# RELAIS_DEV_SERVER in PostgreSQL, RabbitMQ and epmd. What belongs to a run is therefore read from /proc and not
# from pid files: nothing else is ever ended and nothing is missed, even when ./dev itself was killed.
# shellcheck shell=bash

new_state() {
  RELAIS_DEV_STATE=$(mktemp -d /tmp/relais.XXXXXX)
  chmod 755 "$RELAIS_DEV_STATE" # PostgreSQL's user passes through
  printf '%s\n' "$ROOT" "$$" "$(start_time "$$")" >"$RELAIS_DEV_STATE/owner"
  # What a server's command begins with; HOME is to follow. Settings of the caller's own servers must not leak in.
  # shellcheck disable=SC2034
  clean=(env -i PATH="$PATH" LANG=C.UTF-8 RELAIS_DEV_SERVER="$RELAIS_DEV_STATE")
}

# With the pid it names a process for good: pids are used again.
start_time() {
  local stat fields
  { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 0
  read -ra fields <<<"${stat##*) }"
  echo "${fields[19]}"
}

# processes_with NAME=VALUE: the pids whose environment holds exactly this.
processes_with() {
  local file files=(/proc/[0-9]*/environ) # listed before grep starts, which would find itself
  while IFS=/ read -r _ _ file _; do echo "$file"; done < <(grep -lszxF -- "$1" "${files[@]}")
}

# processes_in FOLDER: the pids that work in it. PostgreSQL's backends write their title over their environment.
processes_in() {
  local process
  for process in /proc/[0-9]*; do
    [[ ! $process/cwd -ef $1 ]] || echo "${process#/proc/}"
  done
}

# end_processes NAME=VALUE SIGNAL SECONDS: asks, also those that are stopped, waits that long, then kills.
end_processes() {
  local pids signal=$2 deadline=$((SECONDS + $3))
  while mapfile -t pids < <(processes_with "$1") && ((${#pids[@]} > 0)); do
    ((SECONDS < deadline)) || signal=KILL
    ((SECONDS < deadline + 10)) || { say "cannot end: ${pids[*]}" && return; }
    [[ -z $signal ]] || { kill -s "$signal" "${pids[@]}"; kill -s CONT "${pids[@]}"; } 2>/dev/null || true
    signal=
    sleep 0.1
  done
}

# Ends a run, this one or one that was killed. What it holds is thrown away, so the servers need no orderly end.
end_state() {
  local state=$1
  end_processes "RELAIS_DEV_STATE=$state" TERM 10
  [[ ! -e $state/given ]] || tidy_given "$state"
  quit_postgres "$state"
  end_processes "RELAIS_DEV_SERVER=$state" KILL 0
  forget_memory "$state/postgres"
  rm -rf "$state"
}

# Servers that were given outlive the run: what carries its prefix is dropped from them.
tidy_given() (
  set -a
  # shellcheck source=/dev/null
  source "$1/env"
  set +a
  [[ -x $RELAIS_DEV_BIN/relais-story ]] || exit 0
  timeout 60 "$RELAIS_DEV_BIN/relais-story" tidy || say "could not drop what starts with $RELAIS_DEV_PREFIX from the given servers"
)

# A link into the state folder of ./dev run --stay; it dangles when that is gone.
forget_stay() {
  [[ -e .dev/stay.env || ! -d .dev ]] || { rm -f .dev/stay.env && rmdir --ignore-fail-on-non-empty .dev; }
}

dev_clean() {
  local all='' state owner
  case ${1:-} in
    --all) all=1 ;;
    ?*) wrong_usage "clean takes --all, not $1" ;;
  esac
  for state in /tmp/relais.*; do
    [[ -O $state/owner ]] || continue
    mapfile -t owner <"$state/owner"
    [[ ${owner[0]} == "$ROOT" ]] || continue
    if [[ $(start_time "${owner[1]}") == "${owner[2]}" ]]; then
      say "$state is left alone: its ./dev still runs (process ${owner[1]})"
      continue
    fi
    say "removing $state and what runs in it"
    end_state "$state"
  done
  forget_stay
  remove_guards
  [[ -z $all ]] || rm -rf "$CARGO_TARGET_DIR"
}
