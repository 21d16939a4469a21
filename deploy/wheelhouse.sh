#!/usr/bin/env bash
# Collect what a machine without a network needs to run Watermaster, in one archive:
#
#   deploy/wheelhouse.sh PYTHON FOLDER        (make wheelhouse)
#
# The wheels are those that requirements/runtime.txt pins, ours, and a pip to install them with. They fit the Python and
# the processor of this machine, and no other: install.sh looks first.
set -euo pipefail
cd "$(dirname "$0")/.."
python=$1
folder=$2

version=$("$python" -c 'import tomllib; print(tomllib.load(open("pyproject.toml", "rb"))["project"]["version"])')
fits=$("$python" -c 'import sys, sysconfig; print("%d.%d" % sys.version_info[:2], sysconfig.get_platform())')
name="watermaster-$version-python${fits/ /-}"
house="$folder/$name"

rm -rf "$house"
mkdir -p "$house/wheels"
"$python" -m pip download --quiet --disable-pip-version-check --require-hashes --only-binary=:all: \
  --dest "$house/wheels" --requirement requirements/runtime.txt
"$python" -m hatchling build -t wheel -d "$house/wheels" >/dev/null 2>"$folder/wheel.log" ||
  { cat "$folder/wheel.log" >&2; exit 1; }
rm "$folder/wheel.log"

wheel=$(cd "$house/wheels" && ls watermaster-"$version"-*.whl)
hash=$(sha256sum "$house/wheels/$wheel" | cut -d ' ' -f 1)
{
  cat requirements/runtime.txt
  printf 'watermaster==%s --hash=sha256:%s\n' "$version" "$hash"
} >"$house/requirements.txt"

# Debian's Python makes environments without pip unless another package is installed: so pip comes along, as an archive
# that Python runs.
"$python" - "$house/pip.zip" <<'END'
import sys
from importlib.metadata import files
from zipfile import ZIP_DEFLATED, ZipFile

with ZipFile(sys.argv[1], "w", ZIP_DEFLATED) as archive:
    for file in files("pip") or ():
        if file.parts[0] == "pip" and file.suffix != ".pyc":
            archive.write(file.locate(), str(file))
END

printf '%s\n' "$version" >"$house/version"
printf '%s\n' "$fits" >"$house/fits"
cp deploy/install.sh config/systemd/watermaster.service docs/small-office.md LICENSE "$house/"
tar --create --gzip --file "$folder/$name.tar.gz" --sort=name --owner=0 --group=0 --numeric-owner \
  --directory "$folder" "$name"
(cd "$folder" && sha256sum "$name.tar.gz" >"$name.tar.gz.sha256")
printf '%s\n' "$folder/$name.tar.gz"
