# shellcheck shell=bash
# For the trials beside this file, which run as root in a machine of their own with
# systemd as PID 1 (scripts/test-install starts them). Sourced, never run.

export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin

fail() {
  printf 'FAILED: %s\n' "$*"
  systemctl status --no-pager --full edgevoice || true
  exit 1
}

ok() { printf 'ok (%3d s): %s\n' "$SECONDS" "$*"; }

# expect WORDS COMMAND...: the command succeeds.
expect() {
  local words=$1
  shift
  "$@" || fail "$words: $*"
}

wait_for() { # wait_for SECONDS COMMAND...: looks until it succeeds
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$deadline" ] || fail "never came: $*"
    sleep 0.1
  done
}

is_stopped() { [ "$(systemctl show -P ActiveState edgevoice)" != active ]; }

# same FILE WORDS: what `stat` says of it: mode, owner, group.
same() {
  local found
  found=$(stat -c '%a %U %G' "$1") || fail "$1 is missing"
  [ "$found" = "$2" ] || fail "$1 is '$found', not '$2'"
}

# Every file of the machine with mode, owner and content, but for what apt, dpkg and
# systemd keep for themselves.
everything() { # sorted
  list_everything | LC_ALL=C sort -k 4
}

list_everything() {
  local own=()
  for path in /proc /sys /dev /run /tmp /var/tmp /var/log /var/cache /var/lib/apt \
    /var/lib/dpkg /var/lib/systemd/timers /root/.cache /etc/ld.so.cache /trial.log \
    /etc/passwd- /etc/group- /etc/shadow- /etc/gshadow-; do
    own+=(-o -path "$path")
  done
  # What the machine borrows from its host is mounted, some of it from the same disk,
  # which -xdev does not see.
  while read -r _ _ _ _ path _; do
    printf -v path %b "$path" # a space stands there as \040
    if [ "$path" != / ]; then own+=(-o -path "$path"); fi
  done </proc/self/mountinfo
  find / -xdev \( -false "${own[@]}" \) -prune -o -printf '%m %u %g %p %l\n' \
    \( ! -type f -o -fprint0 /tmp/files \)
  xargs -0 sha256sum </tmp/files
}

# Settings for a simulator in the same machine and WAV files as sound card, and a key.
configure() { # configure QUESTION
  cat >/etc/edgevoice/edgevoice.toml <<END
live.endpoint = "ws://127.0.0.1:9090"
microphone.device = "file:$1"
speaker.device = "file:/var/lib/edgevoice/answer.wav"
button.source = "none"
END
  (umask 077 && echo a-key-for-a-trial >/etc/edgevoice/gemini-api-key)
}

link_is_up() { edgevoice status --json 2>/dev/null | grep -q '"link": "up"'; }
answered() { edgevoice status --json | grep -q "\"answered\": $1"; }

# ask COUNT: one question to the running service; it is its COUNTth answer.
ask() {
  wait_for 20 link_is_up
  edgevoice press && sleep 1 && edgevoice release # a second of the question
  wait_for 30 answered "$1"
  [ "$(stat -c %s /var/lib/edgevoice/answer.wav)" -gt 20000 ] || fail "an empty answer"
}

# use_tools PYTHON FOLDER: the model calls a command, which gets a secret from systemd and
# writes into a folder, and a tool of an MCP server; by the lines that the unit's comments
# and edgevoice.toml(5) name. The SDK of MCP is in the folder, or is that Python's own.
use_tools() {
  local drop_in=/etc/systemd/system/edgevoice.service.d/trial.conf
  local before=/tmp/settings-before-tools call
  cp /etc/edgevoice/edgevoice.toml "$before"
  mkdir /srv/lamp
  chown edgevoice /srv/lamp
  (umask 077 && echo the-key-of-the-lamp >/etc/edgevoice/lamp-key)
  mkdir "${drop_in%/*}"
  printf '%s\n' '[Service]' LoadCredential=lamp-key:/etc/edgevoice/lamp-key \
    ReadWritePaths=/srv/lamp Environment="PYTHONPATH=$2" >"$drop_in"
  cat >>/etc/edgevoice/edgevoice.toml <<END
[[tools]]
name = "dim"
description = "Dim the lamp."
command = ["sh", "-c", 'printf %s "\$LAMP_KEY" >/srv/lamp/key']
secrets = { LAMP_KEY = "lamp-key" }
[[mcp]]
name = "example"
command = ["$1", "/the checkout/tests/mcp_example.py"]
environment = { PYTHONPATH = "$2" }
END
  expect "settings" env PYTHONPATH="$2" edgevoice check
  restart_with 'call=dim,add:{"a": 40, "b": 2}'
  ask 1
  expect "the command has run" grep -qx the-key-of-the-lamp /srv/lamp/key
  for call in dim add; do
    expect "$call was answered" \
      journalctl --quiet --unit edgevoice --grep "call of $call: done" >/dev/null
  done
  rm -r "${drop_in%/*}" /srv/lamp /etc/edgevoice/lamp-key
  mv "$before" /etc/edgevoice/edgevoice.toml
  restart_with echo
}

restart_with() { # restart_with BEHAVIOUR: the simulator, and the service with its settings
  systemctl stop simulator
  systemd-run --quiet --unit=simulator edgevoice simulator --behaviour "$1"
  systemctl daemon-reload
  systemctl restart edgevoice
}
