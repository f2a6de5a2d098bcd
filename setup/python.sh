#!/usr/bin/env bash
# Make .venv and install the packages of a pinned list: setup/python.sh requirements.txt
#
# A mark lies in .venv while it is being changed. Found at the next start, it tells that the work was cut off:
# pip would take half-copied packages for whole ones, so the environment is then made anew (downloads are cached).
set -euo pipefail
cd "$(dirname "$0")/.."
list=$1
unfinished=.venv/.unfinished
installed=.venv/.installed-$list

say() { printf '%s\n' "$*" >&2; }

python=
for name in "${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11; do
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$name; break; fi
done
[ -n "$python" ] || { say "Python 3.11 or newer was not found. Install it, or name it: make PYTHON=/path/to/python3"; exit 2; }

# Whole, of this place (an environment cannot be moved) and of a Python that is still there.
usable() {
    [ ! -e "$unfinished" ] && [ "$(cat .venv/.place 2>/dev/null)" = "$PWD" ] &&
        .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

wanted=$(cat "$list" | cksum)
if usable && [ "$(cat "$installed" 2>/dev/null)" = "$wanted" ]; then exit 0; fi

if ! usable; then
    rm -rf .venv
    mkdir .venv
    touch "$unfinished"
    "$python" -m venv .venv
    pwd >.venv/.place
fi
say "Installing the packages of $list"
touch "$unfinished"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement "$list"
printf '%s\n' "$wanted" >"$installed"
rm "$unfinished"
