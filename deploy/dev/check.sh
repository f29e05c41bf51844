# ./dev check: everything short of the tests. Each step returns whether it passed; none counts on set -e.
# shellcheck shell=bash

CHECKS=(format lint versions contract queries docs migrations scripts deploy deny)
BUF=(npx --yes @bufbuild/buf@1.75.0)

dev_check() {
  (($# == 0)) || wrong_usage 'check takes no arguments'
  unset DATABASE_URL AMQP_URL # see dev_prepare
  begin_session
  local check began summary=() failed=0
  for check in "${CHECKS[@]}"; do
    say "checking $check"
    began=$SECONDS
    if "check_$check"; then
      summary+=("$(printf '  ✓ %-11s %4d s' "$check" "$((SECONDS - began))")")
    else
      summary+=("$(printf '  ✗ %-11s %4d s' "$check" "$((SECONDS - began))")")
      failed=1
    fi
  done
  say 'summary'
  printf '%s\n' "${summary[@]}" >&2
  return "$failed"
}

check_format() { run_child cargo fmt --all --check; }

check_lint() { run_child cargo clippy "${SCOPE[@]}" --all-targets -- -D warnings; }

# Two copies of one of these compile and then fail silently: two tracers, two crypto providers, two sets of types.
check_versions() {
  local tree name count failed=0
  tree=$(cargo tree "${SCOPE[@]}" --prefix none --format '{p}' | awk '{ print $1, $2 }' | sort -u) || return
  for name in opentelemetry rustls tonic prost; do
    count=$(grep -c "^$name v" <<<"$tree")
    ((count == 1)) || { printf '%s: expected one version, found %d\n' "$name" "$count" >&2 && failed=1; }
  done
  for name in ring rsa openssl openssl-sys native-tls; do
    ! grep -q "^$name v" <<<"$tree" || { printf '%s: not wanted; see cargo tree -i %s\n' "$name" "$name" >&2 && failed=1; }
  done
  return "$failed"
}

check_contract() {
  local base failed=0
  type -P npx >/dev/null || install_packages npm
  export npm_config_update_notifier=false
  run_child "${BUF[@]}" lint proto || failed=1
  run_child "${BUF[@]}" format --diff --exit-code proto || failed=1
  base=$(merge_base)
  if [[ -n $base ]] && git cat-file -e "$base:proto/buf.yaml" 2>/dev/null; then
    run_child "${BUF[@]}" breaking proto --against "$(git rev-parse --git-common-dir)#ref=$base,subdir=proto" || failed=1
  fi
  return "$failed"
}

merge_base() { git merge-base HEAD origin/main 2>/dev/null || true; }

check_queries() {
  local crate failed=0
  prepare_into "$RELAIS_DEV_STATE/sqlx" || return
  for crate in platform "${SERVICES[@]}"; do
    mkdir -p "$RELAIS_DEV_STATE/committed/$crate"
    cp -r "$(crate_folder "$crate")/.sqlx/." "$RELAIS_DEV_STATE/committed/$crate" 2>/dev/null # none is like an empty one
    diff -r "$RELAIS_DEV_STATE/committed/$crate" "$RELAIS_DEV_STATE/sqlx/$crate" >&2 || failed=1
  done
  ((failed == 0)) || printf 'the .sqlx folders are out of date: run ./dev prepare and commit\n' >&2
  return "$failed"
}

check_docs() { run_child env RUSTDOCFLAGS='-D warnings' cargo doc "${SCOPE[@]}" --no-deps; }

# A migration that has run somewhere is history.
check_migrations() {
  local base changed
  base=$(merge_base)
  [[ -n $base ]] || return 0
  changed=$(git diff --no-renames --name-only --diff-filter=a "$base" -- platform/migrations 'services/*/migrations') || return
  [[ -z $changed ]] || { printf 'changed, but may only be added: %s\n' "$changed" >&2 && return 1; }
}

check_scripts() {
  if ! type -P shellcheck >/dev/null; then
    say 'shellcheck is not installed: skipped'
    return 0
  fi
  shellcheck dev .ci/run deploy/dev/*.sh deploy/dev/{rustc-online,in-root} deploy/{prepare,certificates,postgres/start}
}
