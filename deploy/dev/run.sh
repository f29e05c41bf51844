# ./dev run and ./dev token: the suite as a whole, played by relais-story; tokens by relais-issuer.
# shellcheck shell=bash

# A line each, out of the table that the player reads, however it is broken into lines: so nothing need be built.
stories() {
  tr -s '\n ' ' ' <tests/src/story/mod.rs | grep -o 'Story { name: "[^"]*", about: "[^"]*"' |
    sed 's/.*name: "\(.*\)", about: "\(.*\)"/\1  \2/'
}

dev_run() {
  local arg stories=() stay='' list=''
  for arg; do
    case $arg in
      --stay) stay=1 ;;
      --list) list=1 ;;
      -*) wrong_usage "run takes a story, --stay and --list, not $arg" ;;
      *) stories+=("$arg") ;;
    esac
  done
  ((${#stories[@]} < 2)) || wrong_usage 'run takes one story'
  local story=${stories[0]:-bionext}
  if [[ -n $list ]]; then
    stories
    return
  fi
  # Before anything is built or started.
  stories | grep -q "^$story " ||
    wrong_usage "there is no story \"$story\"; ./dev run --list names them"
  begin_session postgres rabbitmq
  say 'building'
  run_child cargo build "${SCOPE[@]}" --bins
  await_servers
  if [[ -n $stay ]]; then
    mkdir -p .dev
    ln -sfn "$RELAIS_DEV_STATE/env" .dev/stay.env
  fi
  say "playing $story"
  run_child "$RELAIS_DEV_BIN/relais-story" run "$story" ${stay:+--stay} --statements "$CARGO_TARGET_DIR/statements"
}

dev_token() {
  [[ -e .dev/stay.env ]] || fail 'no run to make a token for: start one with ./dev run --stay'
  set -a
  # shellcheck source=/dev/null
  source .dev/stay.env
  exec "$RELAIS_DEV_BIN/relais-issuer" "$@"
}
