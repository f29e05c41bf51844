# A private RabbitMQ node in the state folder, with names, ports and an epmd of its own: others may run beside it.
# shellcheck shell=bash

start_rabbitmq() {
  local script dir=$RELAIS_DEV_STATE/rabbitmq epmd_port password node
  script=$(find_rabbitmq)
  say "starting RabbitMQ $(rabbitmq_version "$script") ($script)"
  rm -rf "$dir"
  mkdir -m 700 "$dir" && mkdir "$dir/conf.d"
  amqp_port=$(free_port)
  password=$(random_hex 16)
  epmd_port=$(free_port)
  configure_rabbitmq "$password"
  node_words "$epmd_port"
  write_rabbitmq_scripts "${script%/*}"
  set -m # process groups of their own: a Ctrl-C in the terminal leaves them to us
  # Of its own and started here, since an epmd that Erlang starts by itself detaches and stays.
  "${node[@]}" epmd -address 127.0.0.1 -port "$epmd_port" </dev/null >"$dir/epmd.log" 2>&1 &
  "$dir/start" &
  rabbitmq_pid=$!
  set +m
  disown -a # bash is not to report their end
  export RELAIS_DEV_AMQP_URL="amqp://relais:$password@127.0.0.1:$amqp_port/%2f"
}

configure_rabbitmq() {
  printf '[].\n' >"$dir/enabled_plugins"
  printf '[].\n' >"$dir/advanced.config"
  # The node is @localhost, which a bare machine cannot resolve.
  printf '%s\n' '{host, {127,0,0,1}, ["localhost"]}.' '{lookup, [file, native]}.' >"$dir/inetrc"
  cat >"$dir/rabbitmq.conf" <<END
listeners.tcp.local = 127.0.0.1:$amqp_port
default_user = relais
default_pass = $1
disk_free_limit.absolute = 50MB
END
}

# Sets node: the words that run a program of the node, in the folder tree that holds it. All get the same settings.
# RUNNING_UNDER_SYSTEMD: the server's script becomes the node instead of waiting for it.
node_words() {
  node=("${clean[@]}" HOME="$dir" RUNNING_UNDER_SYSTEMD=true ERL_EPMD_PORT="$1" ERL_EPMD_ADDRESS=127.0.0.1
    ERL_INETRC="$dir/inetrc" RABBITMQ_NODENAME="$RELAIS_DEV_PREFIX@localhost" RABBITMQ_DIST_PORT="$(free_port)"
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-start_epmd false -kernel inet_dist_use_interface {127,0,0,1}'
    RABBITMQ_CTL_ERL_ARGS='-start_epmd false -kernel inet_dist_use_interface {127,0,0,1}'
    RABBITMQ_CONF_ENV_FILE=/dev/null RABBITMQ_CONFIG_FILE="$dir/rabbitmq.conf" RABBITMQ_CONFIG_FILES="$dir/conf.d"
    RABBITMQ_ADVANCED_CONFIG_FILE="$dir/advanced.config" RABBITMQ_ENABLED_PLUGINS_FILE="$dir/enabled_plugins"
    RABBITMQ_GENERATED_CONFIG_DIR="$dir" RABBITMQ_MNESIA_BASE="$dir/mnesia" RABBITMQ_LOG_BASE="$dir")
  [[ -z $rabbitmq_root ]] || node+=("$ROOT/deploy/dev/in-root" "$rabbitmq_root" "$RELAIS_DEV_STATE")
}

# The script that becomes the node, and rabbitmqctl for it: for us, and for tests that kill the node or starve it.
write_rabbitmq_scripts() {
  local sbin=${1#"$rabbitmq_root"}
  cat >"$dir/start" <<END
#!/usr/bin/env bash
# Becomes the RabbitMQ node of this run.
exec </dev/null >>${dir@Q}/output.log 2>&1
echo "\$\$" >${dir@Q}/pid
exec ${node[*]@Q} ${sbin@Q}/rabbitmq-server
END
  cat >"$dir/ctl" <<END
#!/usr/bin/env bash
# rabbitmqctl for the RabbitMQ node of this run.
exec ${node[*]@Q} ${sbin@Q}/rabbitmqctl "\$@"
END
  chmod 755 "$dir/start" "$dir/ctl"
}

# Ready when it answers AMQP. A node that ended lost a race for a port, most likely: it gets others.
await_rabbitmq() {
  [[ -n ${rabbitmq_pid:-} ]] || return 0
  local deadline=$((SECONDS + 90)) restarts=0
  until speaks_amqp "$amqp_port"; do
    ((SECONDS < deadline)) || show_and_fail rabbitmq/output.log
    if ! kill -0 "$rabbitmq_pid" 2>/dev/null; then
      ((restarts++ < 2)) || show_and_fail rabbitmq/output.log
      start_rabbitmq
      write_env
    fi
    sleep 0.2
  done
  say 'RabbitMQ is ready'
}

# The server's first frame, of type method (1), comes only when it is up for clients.
speaks_amqp() (
  { exec 3<>"/dev/tcp/127.0.0.1/$1"; } 2>/dev/null || exit 1
  printf 'AMQP\0\0\11\1' >&3
  { IFS= read -r -t 5 -N 1 frame <&3; } 2>/dev/null && [[ $frame == $'\1' ]] # it may be cut off as well
)
