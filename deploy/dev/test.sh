# ./dev test: all tests, then some kills under load, against private servers.
# shellcheck shell=bash

# ensure_some FILTER: a name that no test has is a slip, and not a success.
ensure_some() {
  local names
  names=$(cargo test "${SCOPE[@]}" "${targets[@]}" --quiet "$1" -- --list 2>/dev/null) || return 0 # it is told when they run
  grep -q ': test$' <<<"$names" || fail "no test has \"$1\" in its name"
}

dev_test() {
  local filter=() harness=() kills=8 code=0 killed=0
  # No benches: their harnesses know no --include-ignored.
  local targets=(--lib --bins --tests)
  while (($# > 0)); do
    case $1 in
      --long)
        export RELAIS_LONG=1
        harness=(-- --include-ignored)
        kills=30
        ;;
      --broker) choose_broker "${2:-}" && shift ;;
      -*) wrong_usage "test takes a filter, --long and --broker, not $1" ;;
      *) filter+=("$1") ;;
    esac
    shift
  done
  ((${#filter[@]} < 2)) || wrong_usage 'test takes one filter'
  # shellcheck disable=SC2034
  local in_memory=1
  # Tests wait a quarter of their time: one more than there are cores keeps all of them busy.
  export RUST_TEST_THREADS=${RUST_TEST_THREADS:-$(($(nproc) + 1))}
  begin_session postgres rabbitmq
  say 'building'
  # Binaries and tests in one go: apart, cargo would choose features twice and compile twice.
  run_child cargo build "${SCOPE[@]}" "${targets[@]}"
  ((${#filter[@]} == 0)) || ensure_some "${filter[0]}"
  await_servers
  say 'testing'
  run_child cargo test "${SCOPE[@]}" "${targets[@]}" --no-fail-fast "${filter[@]}" "${harness[@]}" || code=$?
  say "tests ended with exit code $code"
  # A filter asks about a few tests, quickly.
  if ((${#filter[@]} == 0)); then
    play_faults --kills "$kills" || killed=$?
    say "killing ended with exit code $killed"
  fi
  return "$((code > 0 ? code : killed))"
}
