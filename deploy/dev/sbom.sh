# ./dev sbom: what each service's program is made of, as CycloneDX. The same commit gives the same list.
# shellcheck shell=bash

dev_sbom() {
  (($# == 0)) || wrong_usage 'sbom takes no arguments'
  type -P cargo-cyclonedx >/dev/null || fail 'cargo-cyclonedx is missing: cargo install --locked cargo-cyclonedx'
  type -P python3 >/dev/null || fail 'python3 is missing'
  local service folder=$CARGO_TARGET_DIR/sbom
  mkdir -p "$folder"
  export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
  # It writes beside each Cargo.toml, and cannot be told otherwise.
  trap remove_written_sboms EXIT
  cargo cyclonedx --quiet --format json --spec-version 1.5 --describe binaries
  for service in "${SERVICES[@]}"; do
    cargo tree --locked --quiet --package "relais-$service" --edges normal,build --prefix none --format '{p}' |
      python3 deploy/dev/sbom.py "$ROOT" "services/$service/relais-${service}_bin.cdx.json" >"$folder/relais-$service.cdx.json"
  done
  say "$folder: one for each program"
}

remove_written_sboms() { rm -f {proto,platform,tests,tests/*,services/*}/*.cdx.json; }
