#!/bin/sh
# Install Watermaster from the wheels beside this script. Nothing is fetched, and every wheel is held against its hash.
#
#   ./install.sh [DIRECTORY]        (default /opt/watermaster)
#
# Each version gets a directory of its own, and DIRECTORY is a link to the newest: to go back, let it point to the one
# before. PYTHON names another interpreter than python3.
set -eu
umask 022  # of root it may be one that keeps the service from reading its program
here=$(cd "$(dirname "$0")" && pwd)
link=${1:-/opt/watermaster}
python=${PYTHON:-python3}
version=$(cat "$here/version")
place="$link-$version"

fail() {
  printf 'install.sh: %s\n' "$1" >&2
  exit 1
}

fits=$("$python" -c 'import sys, sysconfig; print("%d.%d" % sys.version_info[:2], sysconfig.get_platform())') ||
  fail "there is no $python: PYTHON=/path/to/python $0"
[ "$fits" = "$(cat "$here/fits")" ] ||
  fail "these wheels are for Python $(cat "$here/fits"), and $python is $fits: name another one by PYTHON=…"
[ ! -e "$link" ] || [ -L "$link" ] || fail "$link is there and is no link to a version"
[ ! -e "$place" ] || fail "$place is there already: remove it to install this version anew"

trap 'rm -rf "$place"' EXIT
trap 'exit 1' HUP INT TERM
"$python" -m venv --without-pip "$place"
"$place/bin/python" "$here/pip.zip/pip" --isolated install --quiet --disable-pip-version-check --no-index \
  --find-links "$here/wheels" --require-hashes --requirement "$here/requirements.txt"
"$place/bin/watermaster" --version >/dev/null
trap - EXIT
ln -sfn "$(basename "$place")" "$link"
printf 'installed: %s/bin/watermaster, version %s\n' "$link" "$version"
