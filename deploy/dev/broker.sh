# --broker 4: another RabbitMQ than the installed one. Debian 12 has none, Debian 13 has: its root is made once, in the
# caller's cache, and the node runs in it. Nothing of it is started by itself, and nothing stays mounted.
# shellcheck shell=bash

broker=        # the major version that was asked for
rabbitmq_root= # the root that holds it, if it is not this system's own

choose_broker() {
  [[ $1 == 4 ]] || wrong_usage '--broker takes 4; without it, the RabbitMQ that is installed is used'
  [[ -z ${AMQP_URL:-} ]] || wrong_usage '--broker 4 starts a private RabbitMQ, and AMQP_URL names another'
  broker=$1
}

# Sets rabbitmq_root, unless what is installed will do.
need_broker() {
  local script
  script=$(find_rabbitmq)
  [[ -z $script || $(rabbitmq_version "$script") != "$broker".* ]] || return 0
  rabbitmq_root=${XDG_CACHE_HOME:-$HOME/.cache}/relais/debian13
  need_root_for_broker
  [[ -d $rabbitmq_root ]] || run_child make_debian13 "$rabbitmq_root" || exit
  script=$(find_rabbitmq)
  [[ -n $script ]] || fail "no RabbitMQ in $rabbitmq_root: remove that folder, and it is made again"
}

need_root_for_broker() {
  local instead="or install RabbitMQ $broker.x, or give AMQP_URL instead of --broker"
  grep -qsx 'ID=debian' /etc/os-release || fail "--broker $broker brings its RabbitMQ on Debian only: use that, $instead"
  ((EUID == 0)) || fail "--broker $broker runs RabbitMQ in a root of Debian 13, which needs root: become root, $instead"
  unshare --mount mount --bind / / || fail "--broker $broker mounts for the node alone, which is refused here (CAP_SYS_ADMIN): allow it, $instead"
}

# A child of its own, for run_child. Under another name until it is whole; the lock lasts while anything works on it.
make_debian13() {
  local mirror mirrors log=$RELAIS_DEV_STATE/debian13.log lock
  type -P debootstrap >/dev/null || install_packages debootstrap
  mkdir -p "${1%/*}"
  exec {lock}>"$1.lock"
  flock "$lock"
  [[ ! -d $1 ]] || exit 0 # another run has made it meanwhile
  say "making a root of Debian 13 with RabbitMQ, once: $1"
  mapfile -t mirrors < <(debian_mirrors)
  ((${#mirrors[@]} > 0)) || fail 'the sources of apt name no mirror of Debian that can be reached: --broker 4 needs one'
  for mirror in "${mirrors[@]}"; do
    rm -rf "$1.part"
    # Its mounts are its own, so that none is left when it is interrupted.
    if unshare --mount debootstrap --variant=minbase --include=rabbitmq-server trixie "$1.part" "$mirror" >>"$log" 2>&1; then
      rm -rf "$1.part"/var/cache/apt/archives/*.deb "$1.part"/var/lib/apt/lists/*
      mv "$1.part" "$1"
      exit 0
    fi
  done
  rm -rf "$1.part"
  tail -n 20 "$log" >&2
  fail "could not make a root of Debian 13 from ${mirrors[*]}, see above"
}

# The mirrors that this machine's apt takes Debian itself from. Apt knows them only once it has fetched its lists.
debian_mirrors() {
  local release list=(apt-get indextargets --format "\$(RELEASE) \$(COMPONENT) \$(REPO_URI)" 'Created-By: Packages')
  release=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
  [[ -n $("${list[@]}") ]] || apt-get -qq update >&2
  "${list[@]}" | awk -v release="$release" '$1 == release && $2 == "main" && !seen[$3]++ { print $3 }'
}
