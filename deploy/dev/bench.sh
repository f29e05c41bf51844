# ./dev bench: what is shipped is measured, so it is built for release and without what only tests may do.
# shellcheck shell=bash
# shellcheck disable=SC2034 # read where the session and its PostgreSQL begin

dev_bench() {
  [[ ${1:-} =~ ^(messages|calls|visibility)$ ]] || wrong_usage 'bench takes what to measure: messages, calls or visibility'
  local profile=release RELAIS_DEV_COMMIT_TIMES=1 service
  # relais-story is what tidies servers that were given.
  local programs=(-p relais-tests --bin relais-bench --bin relais-story)
  for service in "${SERVICES[@]}"; do programs+=(-p "relais-$service" --bin "relais-$service"); done
  begin_session postgres rabbitmq
  # How honest the bare limit of a call is, PostgreSQL's own measure says; where there is none, nothing is said.
  export RELAIS_DEV_PGBENCH
  RELAIS_DEV_PGBENCH=$(find_postgres)/pgbench
  [[ -x $RELAIS_DEV_PGBENCH ]] || RELAIS_DEV_PGBENCH=
  say 'building for release'
  # Not SCOPE: its features are for tests, and a release build has none of them.
  run_child cargo build --locked --release "${programs[@]}"
  await_servers
  say "measuring $1"
  run_child "$RELAIS_DEV_BIN/relais-bench" "$@"
}
