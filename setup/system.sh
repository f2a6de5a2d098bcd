#!/usr/bin/env bash
# Install what comes from the system: setup/system.sh [browser]
#
# PostgreSQL with PostGIS, unless DATABASE_URL names a database elsewhere; what Python needs to make virtual
# environments; with `browser` what the tests need: the browser, GDAL's programs, and PostGIS in any case. Looks first
# and does nothing where all of it is there. Exit status 2: the user must act.
set -euo pipefail
cd "$(dirname "$0")/.."
with_browser=${1:-}

say() { printf '%s\n' "$*" >&2; }

# The package's own word on Debian, because an installation that was cut off leaves files without a working package.
installed() { dpkg-query -W -f '${db:Status-Status}\n' "$@" 2>/dev/null | grep -qx installed; }

database_elsewhere() {
    [ "$with_browser" != browser ] && { [ -n "${DATABASE_URL:-}" ] || grep -qs '^DATABASE_URL=.' .env; }
}

missing_on_debian() {
    python3 -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
    database_elsewhere || installed 'postgresql-[1-9][0-9]-postgis-3' || postgis_of_this_release
    [ "$with_browser" = browser ] || return 0
    installed chromium || echo chromium
    installed fonts-noto-cjk || echo fonts-noto-cjk # without it Chinese is drawn as boxes
    installed libatomic1 || echo libatomic1         # the node that Playwright carries is linked to it
    installed gdal-bin || echo gdal-bin             # its ogrinfo connects to the layers as QGIS does
}

# Debian 12 has PostgreSQL 15; later releases of Debian and Ubuntu have a newer one.
postgis_of_this_release() {
    apt-cache --names-only search '^postgresql-[0-9]+-postgis-3$' 2>/dev/null | awk '{print $1}' | sort -V | tail -n 1 |
        grep . || echo postgresql-15-postgis-3
}

install_on_debian() {
    local packages as_root
    packages=$(missing_on_debian)
    [ -n "$packages" ] || return 0
    # shellcheck disable=SC2086 # names, one per word
    set -- $packages
    if [ "$(id -u)" = 0 ]; then
        as_root=()
    elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v; }; }; then
        as_root=(sudo)
    else
        say "Some packages of the system are missing, and only an administrator can install them. Run once:"
        say "  su -c 'apt-get update && apt-get install -y --no-install-recommends $*'"
        exit 2
    fi
    say "Installing $*"
    "${as_root[@]}" bash setup/system.sh --apt "$@"
    [ -z "$(missing_on_debian)" ] || { say "Still missing: $(missing_on_debian | tr '\n' ' ')"; exit 1; }
}

# apt waits for dpkg's lock, but gives up at once at its own two.
wait_for_others() {
    python3 -c '
import fcntl, sys
for name in sys.argv[1:]:
    with open(name, "a") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)' /var/lib/apt/lists/lock /var/cache/apt/archives/lock || true
}

# As root. Finishes first what an earlier attempt left half done, and waits for others who are installing.
apt_install() {
    no_cluster=/etc/postgresql-common/createcluster.d/wangge-set-up.conf
    export DEBIAN_FRONTEND=noninteractive
    apt=(apt-get -q -y -o DPkg::Lock::Timeout=600)
    wait_for_others
    dpkg --configure -a || true # what it cannot finish, apt can
    "${apt[@]}" update || say "Some package lists could not be read; going on with those there are."
    # PostgreSQL's package starts a server of its own when first installed. Ours is private: leave the machine without.
    if ! installed 'postgresql-[1-9][0-9]'; then
        install -d "${no_cluster%/*}"
        echo 'create_main_cluster = false' >"$no_cluster"
    fi
    trap 'rm -f "$no_cluster"' EXIT
    "${apt[@]}" --fix-broken --no-install-recommends install
    "${apt[@]}" --no-install-recommends install "$@"
}

install_on_macos() {
    command -v brew >/dev/null || { say "Install Homebrew first: https://brew.sh"; exit 2; }
    database_elsewhere || brew list postgis >/dev/null 2>&1 || brew install postgis
    if [ "$with_browser" = browser ] && [ ! -d "/Applications/Chromium.app" ] && [ ! -d "/Applications/Google Chrome.app" ]; then
        brew install --cask chromium
    fi
    [ "$with_browser" != browser ] || command -v ogrinfo >/dev/null || brew install gdal
}

if [ "$with_browser" = --apt ]; then
    shift
    apt_install "$@"
elif command -v apt-get >/dev/null; then
    install_on_debian
elif [ "$(uname)" = Darwin ]; then
    install_on_macos
elif ! database_elsewhere && ! command -v initdb >/dev/null && ! compgen -G '/usr/pgsql-*/bin/initdb' >/dev/null; then
    say "Install PostgreSQL 15 or newer with PostGIS by this system's package manager, then run this again."
    exit 2
fi
