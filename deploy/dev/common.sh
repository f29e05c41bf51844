# Small words used everywhere. What is said goes to stderr: stdout belongs to the programs that are run.
# shellcheck shell=bash

say() { printf '▸ [%3d s] %s\n' "$SECONDS" "$*" >&2; }

fail() {
  printf 'dev: %s\n' "$*" >&2
  exit 1
}

# In the words of the command that was typed.
wrong_usage() {
  printf 'dev: %s\nSee ./dev %s--help\n' "$*" "${command:+$command }" >&2
  exit 2
}

random_hex() { od -An -v -tx1 -N "$1" /dev/urandom | tr -d ' \n'; }

# A port nobody listens on. Below 32768, where Linux takes no ports for outgoing connections from.
free_port() {
  local port
  while port=$((20000 + RANDOM % 12000)) && listens "$port"; do :; done
  echo "$port"
}

listens() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
