# shellcheck shell=bash
# Shared by the scripts beside this file: system packages and the virtual environment.
# Sourced, never run. Sets: root (the checkout), venv (its virtual environment).

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." >/dev/null && pwd -P)
venv=$root/.venv

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

die() {
  say "$*"
  exit 1
}

# committed ARGUMENT...: what git knows, also in a checkout that belongs to somebody else.
committed() {
  git -C "$root" -c safe.directory="$root" "$@"
}

# What it takes to make the virtual environment: PyAudio and systemd-python come as
# source only, and so does lgpio (SWIG) from Python 3.13 on.
# shellcheck disable=SC2034  # for who sources this
venv_packages=(python3 python3-venv python3-dev gcc libc6-dev pkg-config swig
  portaudio19-dev libsystemd-dev)

# need_packages NAME...: install those Debian packages that are missing.
need_packages() {
  local name missing=() as_root=()
  if ! command -v apt-get >/dev/null; then
    say "no apt-get here; this needs the counterparts of Debian's $*"
    return
  fi
  for name; do
    is_installed "$name" || missing+=("$name")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" -ne 0 ]; then
    may_sudo || die "packages are missing; ask the administrator for: apt-get install --no-install-recommends ${missing[*]}"
    as_root=(sudo)
  fi
  say "installing system packages: ${missing[*]}"
  # The lists of packages are fetched only where they are missing or too old to serve.
  apt_install "${missing[@]}" 2>/dev/null && return
  "${as_root[@]}" apt-get -qq update </dev/null
  apt_install "${missing[@]}" || die "could not install: ${missing[*]}"
}

is_installed() {
  [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Whether sudo works: without a password, or there is somebody to type it.
may_sudo() {
  command -v sudo >/dev/null && { sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v; }; }
}

apt_install() { # uses as_root of need_packages
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive DEBCONF_NOWARNINGS=yes \
    apt-get -qq -y -o Dpkg::Use-Pty=0 install --no-install-recommends "$@" </dev/null >/dev/null
}

# need_venv run|test: $venv with exactly the locked versions and with edgevoice itself,
# editable. Does nothing where that is so already. The caller has asked for
# venv_packages, in one go with its own.
need_venv() {
  need_locked "$1" install_editable
}

# need_locked run|test COMMAND: $venv with exactly the locked versions, and what the
# command puts in besides. Does nothing where that is so already.
need_locked() {
  local list=$1 version
  version=$(python3 -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])') ||
    die "python3 does not run"
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    die "Python $version is too old; edgevoice needs 3.11 (Debian 12 or newer)"

  # The list for the tests holds everything of the other one.
  if is_set_up "$list" "$version" || is_set_up test "$version"; then
    return
  fi
  say "setting up $venv (Python $version)"
  if [ "$(cat "$venv/edgevoice-base" 2>/dev/null)" != "$version $venv" ]; then
    python3 -m venv --clear "$venv"
    printf '%s %s\n' "$version" "$venv" >"$venv/edgevoice-base"
  fi
  rm -f "$venv"/edgevoice-stamp-*
  pip_install -r "$root/requirements/build.txt"
  # PYPI=1 makes lgpio's setup.py take its C library in, as its own wheels do.
  PYPI=1 pip_install -r "$root/requirements/$list.txt"
  "$2"
  stamp_of "$list" "$version" >"$venv/edgevoice-stamp-$list"
}

install_editable() {
  "$venv/bin/python" -m pip --disable-pip-version-check install --quiet --no-deps \
    --no-build-isolation --editable "$root"
}

pip_install() { # nothing but what is locked: no resolving, no unpinned build tools
  "$venv/bin/python" -m pip --disable-pip-version-check install --quiet --no-deps \
    --require-hashes --no-build-isolation --use-pep517 "$@"
}

# What the environment depends on: locks, project file, Python, and where it lies.
stamp_of() {
  {
    printf '%s\n' "$2" "$venv"
    cat -- "$root/pyproject.toml" "$root/requirements/build.txt" "$root/requirements/$1.txt"
  } | sha256sum | cut -d' ' -f1
}

is_set_up() { # is_set_up run|test VERSION
  [ "$(cat "$venv/edgevoice-stamp-$1" 2>/dev/null)" = "$(stamp_of "$1" "$2")" ]
}
