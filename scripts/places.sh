# shellcheck shell=bash disable=SC2034  # for who sources this
# Where scripts/install puts edgevoice, and scripts/uninstall finds it. Sourced, never run.

# places system|user: sets the variables below.
places() {
  if [ "$1" = system ]; then
    venv=/opt/edgevoice
    program=/usr/local/bin/edgevoice
    settings=/etc/edgevoice
    state=/var/lib/edgevoice
    unit=/etc/systemd/system/edgevoice.service
    udev_rule=/etc/udev/rules.d/60-edgevoice.rules
    share=/usr/local/share
    systemctl=(systemctl)
  else
    venv=${XDG_DATA_HOME:-$HOME/.local/share}/edgevoice
    program=$HOME/.local/bin/edgevoice
    settings=${XDG_CONFIG_HOME:-$HOME/.config}/edgevoice
    state=${XDG_STATE_HOME:-$HOME/.local/state}/edgevoice
    unit=${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user/edgevoice.service
    udev_rule=
    share=${XDG_DATA_HOME:-$HOME/.local/share}
    systemctl=(systemctl --user)
  fi
  manuals=("$share/man/man1/edgevoice.1" "$share/man/man5/edgevoice.toml.5")
  completion=$share/bash-completion/completions/edgevoice
}

# Whether there is a service manager to speak to: a container may have none, and neither
# has a person who is not logged in.
is_managed() {
  if [ "${systemctl[*]}" = systemctl ]; then
    [ -d /run/systemd/system ]
  else
    [ -S "${XDG_RUNTIME_DIR:-/run/user/$(id -u)}/systemd/private" ]
  fi
}
