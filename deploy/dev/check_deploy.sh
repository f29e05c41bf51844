# ./dev check, its steps deploy and deny: what is deployed, as far as the tools that are installed can say. What is not installed is
# skipped, and said so.
# shellcheck shell=bash

check_deploy() {
  local failed=0
  check_alerts || failed=1
  check_dashboards || failed=1
  check_collector || failed=1
  check_compose || failed=1
  check_kubernetes || failed=1
  return "$failed"
}

missing() { say "$1 is not installed: $2 skipped"; }

# The rules, and the tests of them; Prometheus 2 does not know the section of OTLP.
check_alerts() {
  type -P promtool >/dev/null || { missing promtool 'alert rules' && return 0; }
  promtool check rules --lint-fatal deploy/prometheus/rules.yml && promtool test rules deploy/prometheus/rules.test.yml
}

check_dashboards() {
  type -P python3 >/dev/null || { missing python3 'dashboards' && return 0; }
  local file
  for file in deploy/grafana/dashboards/*.json deploy/jaeger/*.json; do
    python3 -m json.tool "$file" >/dev/null || return
  done
}

# What the collector would say at its start: Jaeger itself is not at hand.
check_collector() {
  python3 -c 'import yaml' 2>/dev/null || { missing "Python's yaml" 'deploy/jaeger/config.yaml' && return 0; }
  python3 deploy/dev/check_collector.py deploy/jaeger/config.yaml
}

check_compose() {
  docker compose version >/dev/null 2>&1 || { missing 'docker compose' 'docker-compose.yml' && return 0; }
  docker compose --profile development --profile operations config --quiet
}

# Kubernetes' own kinds by their schemas; those of operators are not looked at.
check_kubernetes() {
  type -P kubernetes-validate >/dev/null || { missing 'kubernetes-validate (PyPI)' 'deploy/kubernetes' && return 0; }
  local file
  for file in deploy/kubernetes/base/*.yaml; do
    [[ $file == */kustomization.yaml ]] || kubernetes-validate --strict --quiet --no-warn "$file" || return
  done
  check_jobs
}

# A Job never changes: its name ends in the tag of its image, or the next version is refused.
check_jobs() {
  type -P kubectl >/dev/null || { missing kubectl 'names of Jobs' && return 0; }
  local rendered tag
  rendered=$(kubectl kustomize deploy/kubernetes/base) || return
  tag=$(grep -oP -m1 'image: .*/relais-referral:\K.*' <<<"$rendered")
  [[ $(grep -c "^  name: .*-migrate-$tag\$" <<<"$rendered") == 4 ]] || { say "Jobs are not named by the tag $tag"; return 1; }
}

# Licences, bans and sources; advisories need the network.
check_deny() {
  type -P cargo-deny >/dev/null || { missing 'cargo-deny (cargo install --locked cargo-deny)' 'deny.toml' && return 0; }
  run_child cargo deny --offline --workspace check bans licenses sources
}
