#!/usr/bin/env bash
# The Debian package's life: install without a key, run, upgrade, remove, install again,
# purge.
set -euo pipefail
. "$(dirname -- "$0")/lib.sh"

install() {
  apt-get -qq -y --no-install-recommends -o Dpkg::Options::=--force-confold install "$@"
}

apt-get -qq update
apt-get -qq -y --no-install-recommends satisfy \
  "$(dpkg-deb --field /packages/edgevoice.deb Depends), python3-gpiozero"
everything >/tmp/before

install /packages/edgevoice.deb >/tmp/installed
expect "says what is missing" grep -q "no API key" /tmp/installed
expect "enabled" systemctl --quiet is-enabled edgevoice
expect "not failed" [ "$(systemctl show -P ActiveState edgevoice)" = inactive ]
expect "no user unit enabled" [ ! -e /etc/systemd/user/default.target.wants/edgevoice.service ]
expect "version" [ "$(edgevoice --version)" = "$(dpkg-query -W -f '${Version}' edgevoice)" ]
expect "settings" edgevoice check
same /etc/edgevoice "755 root root"
same /etc/edgevoice/edgevoice.toml "644 root root"
expect "compiled" compgen -G '/usr/lib/python3/dist-packages/edgevoice/__pycache__/cli.*.pyc'
expect "manuals" [ -e /usr/share/man/man1/edgevoice.1.gz -a -e /usr/share/man/man5/edgevoice.toml.5.gz ]
ok "installed, enabled, not started without a key, and said so"

if systemctl start edgevoice; then fail "started without a key"; fi
expect "status 78" [ "$(systemctl show -P ExecMainStatus edgevoice)" = 78 ]
expect "told" journalctl --unit edgevoice --grep 'no API key' --quiet
ok "a start without a key fails with 78 and says why"

findings=$(systemd-analyze verify --man=no edgevoice.service 2>&1) || fail "$findings"
[ -z "$findings" ] || fail "$findings"
systemd-analyze security --no-pager --threshold=17 edgevoice >/tmp/exposure || fail "exposure"
ok "$(systemctl --version | sed -n 1p): unit verified; $(tail -n 1 /tmp/exposure)"

configure /usr/lib/python3/dist-packages/edgevoice/demo/question.wav
systemd-run --quiet --unit=simulator edgevoice simulator
systemctl start edgevoice
ask 1
same /var/lib/edgevoice "700 edgevoice edgevoice"
same /run/edgevoice "750 edgevoice edgevoice"
same /run/edgevoice/control.sock "660 edgevoice edgevoice"
expect "own user" [ "$(ps -o user= "$(systemctl show -P MainPID edgevoice)")" = edgevoice ]
ok "answers a question as a service"

settings=$(sha256sum /etc/edgevoice/*)
before=$(systemctl show -P MainPID edgevoice)
install /packages/edgevoice-newer.deb >/dev/null
expect "running" systemctl --quiet is-active edgevoice
expect "a new process" [ "$(systemctl show -P MainPID edgevoice)" != "$before" ]
expect "settings kept" [ "$settings" = "$(sha256sum /etc/edgevoice/edgevoice.toml /etc/edgevoice/gemini-api-key)" ]
rm /etc/edgevoice/edgevoice.toml.dpkg-dist
ask 1
ok "an upgrade keeps settings and key, and restarts it"

apt-get -qq -y remove edgevoice >/dev/null
expect "stopped" is_stopped
expect "settings and key kept" [ "$settings" = "$(sha256sum /etc/edgevoice/*)" ]
expect "state kept" [ -e /var/lib/edgevoice/session.json ]
expect "user kept" getent passwd edgevoice
ok "remove stops it, and keeps settings, key and state"

install /packages/edgevoice.deb >/dev/null
expect "running" systemctl --quiet is-active edgevoice
ask 1
ok "installed again it starts with the old settings"

systemctl stop simulator
apt-get -qq -y purge edgevoice >/dev/null
expect "stopped" is_stopped
everything >/tmp/after
diff /tmp/before /tmp/after || fail "the purge left that"
expect "nothing in /run" [ ! -e /run/edgevoice ]
expect "no user" [ -z "$(getent passwd edgevoice)$(getent group edgevoice)$(getent group gpio)" ]
ok "purge stops it and leaves nothing"
