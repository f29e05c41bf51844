# ./dev test: all tests, against private servers.
# shellcheck shell=bash

dev_test() {
  local arg filter=() harness=() code=0
  # No benches: their harnesses know no --include-ignored.
  local targets=(--lib --bins --tests)
  for arg; do
    case $arg in
      --long)
        export RELAIS_LONG=1
        harness=(-- --include-ignored)
        ;;
      -*) wrong_usage "test takes a filter and --long, not $arg" ;;
      *) filter+=("$arg") ;;
    esac
  done
  ((${#filter[@]} < 2)) || wrong_usage 'test takes one filter'
  begin_session postgres rabbitmq
  say 'building'
  # Binaries and tests in one go: apart, cargo would choose features twice and compile twice.
  run_child cargo build "${SCOPE[@]}" "${targets[@]}"
  await_servers
  say 'testing'
  run_child cargo test "${SCOPE[@]}" "${targets[@]}" --no-fail-fast "${filter[@]}" "${harness[@]}" || code=$?
  say "tests ended with exit code $code"
  return "$code"
}
