#!/usr/bin/env bash
# The Debian package's life: refused beside scripts/install, install without a key, run,
# upgrade, remove, install again, purge, and purge where a person has the user's name.
set -euo pipefail
. "$(dirname -- "$0")/lib.sh"

# A container has no udev; so this writes down what it would be asked.
stand_in_for_udev() {
  mkdir -p /run/udev
  python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("/run/udev/control")'
  # shellcheck disable=SC2016  # for the stand-in's own shell
  printf '#!/bin/sh\necho "$@" >>/tmp/udevadm\n' >/usr/bin/udevadm
  chmod +x /usr/bin/udevadm
}

# As the manual says it, in a drop-in of the name that `edgevoice setup` uses.
encrypt_key() {
  local drop_ins=/etc/systemd/system/edgevoice.service.d key=/etc/edgevoice/gemini-api-key
  systemd-creds --quiet encrypt --with-key=host --name=gemini-api-key "$key" "$key.cred"
  rm "$key"
  mkdir "$drop_ins"
  printf '[Service]\nLoadCredentialEncrypted=gemini-api-key:%s.cred\n' "$key" >"$drop_ins/input.conf"
}

install() {
  apt-get -qq -y --no-install-recommends -o Dpkg::Options::=--force-confold install "$@"
}

apt-get -qq update
apt-get -qq -y --no-install-recommends satisfy \
  "$(dpkg-deb --field /packages/edgevoice.deb Depends), python3-gpiozero, python3-pip"
everything >/tmp/before

mkdir -p /opt/edgevoice/bin && ln -s /bin/true /opt/edgevoice/bin/edgevoice
if install /packages/edgevoice.deb >/tmp/refused 2>&1; then fail "beside scripts/install"; fi
expect "says why" grep -q "sudo scripts/uninstall" /tmp/refused
rm -r /opt/edgevoice
ok "refused where scripts/install has been"

stand_in_for_udev
install /packages/edgevoice.deb >/tmp/installed
expect "says what is missing" grep -q "no API key" /tmp/installed
expect "asks udev" grep -q "trigger --subsystem-match=gpio" /tmp/udevadm
rm -r /run/udev /usr/bin/udevadm
expect "enabled" systemctl --quiet is-enabled edgevoice
expect "not failed" [ "$(systemctl show -P ActiveState edgevoice)" = inactive ]
expect "no user unit enabled" [ ! -e /etc/systemd/user/default.target.wants/edgevoice.service ]
[[ $(dpkg-query -W -f '${Version}' edgevoice) == "$(edgevoice --version)"+* ]] || fail "version"
expect "settings" edgevoice check
same /etc/edgevoice "755 root root"
same /etc/edgevoice/edgevoice.toml "644 root root"
expect "compiled" compgen -G '/usr/lib/python3/dist-packages/edgevoice/__pycache__/cli.*.pyc' >/dev/null
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

pip install --quiet --root-user-action=ignore --target /opt/edgevoice-mcp 'mcp>=2'
use_tools /usr/bin/python3 /opt/edgevoice-mcp
rm -r /opt/edgevoice-mcp
ok "the model uses a command and an MCP server in the cage"

settings=$(sha256sum /etc/edgevoice/*)
before=$(systemctl show -P MainPID edgevoice)
chmod 644 /etc/edgevoice/gemini-api-key # as an editor makes it
install /packages/edgevoice-newer.deb >/dev/null
same /etc/edgevoice/gemini-api-key "600 root root"
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
expect "user kept" getent passwd edgevoice >/dev/null
ok "remove stops it, and keeps settings, key and state"

encrypt_key
install /packages/edgevoice.deb >/dev/null
expect "running" systemctl --quiet is-active edgevoice
ask 1
ok "installed again it starts with the old settings and an encrypted key"

systemctl stop simulator
rm /var/lib/systemd/credential.secret # of systemd-creds
systemd-run --quiet --unit=holder --uid=edgevoice sleep infinity
apt-get -qq -y purge edgevoice >/tmp/purged
expect "stopped" is_stopped
expect "says who is left" grep -q "sudo userdel edgevoice" /tmp/purged
systemctl stop holder
userdel edgevoice
everything >/tmp/after
diff /tmp/before /tmp/after || fail "the purge left that"
expect "nothing in /run" [ ! -e /run/edgevoice ]
expect "no user" [ -z "$(getent passwd edgevoice)$(getent group edgevoice)$(getent group gpio)" ]
ok "purge stops it and leaves nothing"

useradd --create-home --home-dir /srv/person edgevoice
install /packages/edgevoice.deb >/dev/null
apt-get -qq -y purge edgevoice >/dev/null
expect "a person's login kept" [ "$(getent passwd edgevoice | cut -d: -f6)" = /srv/person ]
expect "and its group" getent group edgevoice >/dev/null
ok "purge keeps a person who has the name"
