#!/usr/bin/env bash
# Turn the locator's loops into machine code: setup/compile.sh. Without it the first who needs them waits.
set -euo pipefail
cd "$(dirname "$0")/.."
mark=.venv/.compiled

if [ -e "$mark" ] && [ -z "$(find geo/raster .venv/.installed-* -newer "$mark" \( -name '*.py' -o -name '.installed-*' \) -print -quit)" ]; then
    exit 0
fi
printf '%s\n' "Compiling the locator" >&2
.venv/bin/python -m geo.raster.compiling
touch "$mark"
