#!/usr/bin/env bash
# Install the servers that the tests start and the browser that looks at the pages, where that is possible: root on Debian or Ubuntu, with apt. Says plainly
# what is missing and could not be installed, and succeeds all the same: the tests then say which of them could not run
# (and fail, where CI is set). The services that a package brings are not used: every test starts its own.
set -u
PATH="$PATH:/usr/sbin:/usr/local/sbin"

# program or file:Debian package. Without the font a browser draws boxes for Chinese.
needed="mosquitto:mosquitto mosquitto_passwd:mosquitto mosquitto_pub:mosquitto-clients influxd:influxdb victoria-metrics:victoria-metrics prometheus-alertmanager:prometheus-alertmanager prometheus:prometheus promtool:prometheus amtool:prometheus-alertmanager openssl:openssl postgres:postgresql"
needed="$needed curl:curl systemd-analyze:systemd"
needed="$needed chromium:chromium /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc:fonts-noto-cjk"

missing_packages() {
  # Debian keeps the programs of PostgreSQL by version.
  for bin in /usr/lib/postgresql/*/bin; do PATH="$PATH:$bin"; done
  for pair in $needed; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || [ -f "${pair%%:*}" ] || printf '%s\n' "${pair##*:}"
  done | sort -u | tr '\n' ' ' | sed 's/ $//'
}

missing=$(missing_packages)
[ -z "$missing" ] && exit 0

if ! command -v apt-get >/dev/null 2>&1; then
  printf 'Missing servers: %s. There is no apt-get here: install them by hand to run their tests.\n' "$missing" >&2
  exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
  printf 'Missing servers: %s. Not root: run "sudo apt-get install %s" to run their tests.\n' "$missing" "$missing" >&2
  exit 0
fi

printf 'Installing the servers of the tests: %s\n' "$missing" >&2
log=$(mktemp)
export DEBIAN_FRONTEND=noninteractive
# RUNLEVEL=1 keeps the packages from starting services where no policy-rc.d does.
install() {
  # shellcheck disable=SC2086 # a list of packages
  RUNLEVEL=1 apt-get install --yes --no-install-recommends $missing </dev/null >>"$log" 2>&1
}
apt-get update </dev/null >>"$log" 2>&1
if ! install; then
  # One package that is not to be had must not keep the others away.
  for missing in $missing; do install; done
fi
missing=$(missing_packages)
if [ -n "$missing" ]; then
  tail -n 20 "$log" >&2
  printf 'Could not install: %s. Their tests cannot run.\n' "$missing" >&2
fi
rm -f "$log"
exit 0
