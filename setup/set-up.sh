#!/usr/bin/env bash
# Bring a machine to where the service can run: setup/set-up.sh; and its tests: setup/set-up.sh test
#
# Each step looks first and is done in a moment where nothing changed; each can be cut off and run again.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "${1:-}" = test ] && list=requirements-dev.txt browser=browser || list=requirements.txt browser=

[ -w . ] || { echo "This folder belongs to $(stat -c %U . 2>/dev/null || echo another account): run this as that account, or in a copy." >&2; exit 2; }

# One set-up at a time. What installs for us holds the lock too, and on after our own sudden end.
if command -v flock >/dev/null; then
    exec 9>.setup.lock
    flock 9
fi
setup/system.sh $browser 9>&- # not the services that the system may start
setup/python.sh "$list"
setup/compile.sh
setup/frontend.sh
