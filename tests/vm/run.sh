#!/bin/bash
# Install edgevoice as a user would, and run the tests; in the machine, as root.
set -eu
options=()
# shellcheck source=/dev/null  # sets it anew: what pytest is told
. /host/options

# The unit has a /proc of its own (ProtectProc=), in which systemd 252 drops what is bound
# into the usual one: there, too, this is a Raspberry Pi.
mkdir -p /run/systemd/system/edgevoice.service.d
printf '[Service]\nBindReadOnlyPaths=/run/cpuinfo:/proc/cpuinfo\n' \
  >/run/systemd/system/edgevoice.service.d/raspberry-pi.conf

export DEBIAN_FRONTEND=noninteractive
if [ -e /host/edgevoice.deb ]; then
  apt-get -qq -o Dpkg::Use-Pty=0 install --no-install-recommends /host/edgevoice.deb
  python=python3
else
  PIP_NO_INDEX=1 PIP_FIND_LINKS=/opt/wheels /host/src/scripts/install
  python=/opt/edgevoice/bin/python
  # pytest is Debian's; /opt/edgevoice holds what a user has there, and no more.
  export PYTHONPATH=/usr/lib/python3/dist-packages
fi
cp -r /host/tests /root
cd /root
# Nice: the emulated processors are slow, and the appliance is to have them.
exec nice "$python" -m pytest -c tests/vm/pytest.ini --rootdir=/root "${options[@]}"
