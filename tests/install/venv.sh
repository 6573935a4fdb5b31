#!/usr/bin/env bash
# The life of scripts/install: without a key, run, again, uninstall, again, purge. The
# checkout is read-only and has a space in its path.
set -euo pipefail
. "$(dirname -- "$0")/lib.sh"
scripts="$(dirname -- "$0")/../../scripts"

# shellcheck source=scripts/lib.sh
. "$scripts/lib.sh"

# What the list holds for Linux, and what is there, NAME==VERSION.
locked() { # for Linux and Debian 12's Python 3.11
  sed -n "/ == '\(win32\|emscripten\)'/d; / >= '3.13'/d; s/^\([a-z0-9-]*==[^ ;]*\).*/\1/p" \
    "$scripts/../requirements/run.txt"
}
installed() {
  /opt/edgevoice/bin/pip freeze --exclude edgevoice --all |
    tr '[:upper:]_' '[:lower:]-' | grep -v '^pip='
}

need_packages "${venv_packages[@]}"
everything >/tmp/before

"$scripts/install" >/tmp/installed 2>&1 || { cat /tmp/installed && fail "scripts/install"; }
expect "says what is missing" grep -q "no API key" /tmp/installed
expect "enabled" systemctl --quiet is-enabled edgevoice
expect "not failed" [ "$(systemctl show -P ActiveState edgevoice)" = inactive ]
expect "settings" edgevoice check
expect "the locked versions" diff <(locked | sort) <(installed | sort)
expect "a unit for desktops" grep -q '^ExecStart="/opt/edgevoice/' /etc/systemd/user/edgevoice.service
same /etc/edgevoice/edgevoice.toml "644 root root"
expect "compiled" compgen -G '/opt/edgevoice/lib/*/site-packages/edgevoice/__pycache__/cli.*.pyc' >/dev/null
expect "manuals" [ -e /usr/local/share/man/man5/edgevoice.toml.5 ]
ok "installed, enabled, not started without a key, and said so"

findings=$(systemd-analyze verify --man=no edgevoice.service 2>&1) || fail "$findings"
[ -z "$findings" ] || fail "$findings"
ok "$(systemctl --version | sed -n 1p): unit verified"

configure "$(echo /opt/edgevoice/lib/*/site-packages/edgevoice/demo/question.wav)"
systemd-run --quiet --unit=simulator edgevoice simulator
systemctl start edgevoice
ask 1
same /var/lib/edgevoice "700 edgevoice edgevoice"
same /run/edgevoice/control.sock "660 edgevoice edgevoice"
ok "answers a question as a service"

use_tools /opt/edgevoice/bin/python ''
ok "the model uses a command and an MCP server in the cage"

settings=$(sha256sum /etc/edgevoice/*)
before=$(systemctl show -P MainPID edgevoice)
chmod 644 /etc/edgevoice/gemini-api-key # as an editor makes it
"$scripts/install" 2>/dev/null
same /etc/edgevoice/gemini-api-key "600 root root"
expect "running" systemctl --quiet is-active edgevoice
expect "a new process" [ "$(systemctl show -P MainPID edgevoice)" != "$before" ]
expect "settings kept" [ "$settings" = "$(sha256sum /etc/edgevoice/*)" ]
ask 1
ok "installed again it keeps settings and key, and is restarted"

systemctl stop edgevoice
mv /etc/edgevoice/gemini-api-key /etc/edgevoice/other.key
chown edgevoice /etc/edgevoice/other.key
sed -i '1i live.key_file = "/etc/edgevoice/other.key"' /etc/edgevoice/edgevoice.toml
"$scripts/install" 2>/dev/null
expect "running" systemctl --quiet is-active edgevoice
ok "a key that the settings name is enough for a start"

settings=$(sha256sum /etc/edgevoice/*)
ln -s /bin/true /usr/bin/edgevoice
if "$scripts/uninstall" --purge 2>/tmp/refused; then fail "purged the package's settings"; fi
expect "says why" grep -q "apt purge edgevoice" /tmp/refused
expect "settings kept" [ "$settings" = "$(sha256sum /etc/edgevoice/*)" ]
rm /usr/bin/edgevoice
ok "uninstall --purge is refused where the package is"

"$scripts/uninstall" 2>/dev/null
expect "stopped" is_stopped
expect "gone" [ ! -e /opt/edgevoice ]
expect "settings kept" [ "$settings" = "$(sha256sum /etc/edgevoice/*)" ]
expect "state kept" [ -e /var/lib/edgevoice/session.json ]
ok "uninstall stops it, and keeps settings, key and state"

systemctl stop simulator
mkdir -p /etc/systemd/system/edgevoice.service.d
touch /etc/systemd/system/edgevoice.service.d/input.conf
"$scripts/uninstall" --purge 2>/dev/null
everything >/tmp/after
diff /tmp/before /tmp/after || fail "the purge left that"
expect "nothing in /run" [ ! -e /run/edgevoice ]
ok "uninstall --purge leaves nothing"
