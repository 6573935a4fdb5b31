#!/usr/bin/env bash
# The life of scripts/install: without a key, run, again, uninstall, again, purge. The
# checkout is read-only and has a space in its path.
set -euo pipefail
. "$(dirname -- "$0")/lib.sh"
scripts="$(dirname -- "$0")/../../scripts"

# shellcheck source=scripts/lib.sh
. "$scripts/lib.sh"
need_packages "${venv_packages[@]}"
everything >/tmp/before

"$scripts/install" >/tmp/installed 2>&1 || { cat /tmp/installed && fail "scripts/install"; }
expect "says what is missing" grep -q "no API key" /tmp/installed
expect "enabled" systemctl --quiet is-enabled edgevoice
expect "not failed" [ "$(systemctl show -P ActiveState edgevoice)" = inactive ]
expect "settings" edgevoice check
expect "the locked versions" diff \
  <(sed -n 's/^\([a-z-]*==[^ ;]*\).*/\1/p' "$scripts/../requirements/run.txt" | sort) \
  <(/opt/edgevoice/bin/pip freeze --exclude edgevoice --all | tr '[:upper:]' '[:lower:]' | grep -v '^pip=' | sort)
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

settings=$(sha256sum /etc/edgevoice/*)
before=$(systemctl show -P MainPID edgevoice)
"$scripts/install" 2>/dev/null
expect "running" systemctl --quiet is-active edgevoice
expect "a new process" [ "$(systemctl show -P MainPID edgevoice)" != "$before" ]
expect "settings kept" [ "$settings" = "$(sha256sum /etc/edgevoice/*)" ]
ask 1
ok "installed again it keeps settings and key, and is restarted"

"$scripts/uninstall" 2>/dev/null
expect "stopped" is_stopped
expect "gone" [ ! -e /opt/edgevoice ]
expect "settings kept" [ "$settings" = "$(sha256sum /etc/edgevoice/*)" ]
expect "state kept" [ -e /var/lib/edgevoice/session.json ]
ok "uninstall stops it, and keeps settings, key and state"

systemctl stop simulator
"$scripts/uninstall" --purge 2>/dev/null
everything >/tmp/after
diff /tmp/before /tmp/after || fail "the purge left that"
expect "nothing in /run" [ ! -e /run/edgevoice ]
ok "uninstall --purge leaves nothing"
