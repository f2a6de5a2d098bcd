#!/usr/bin/env bash
# Compile the translations that changed.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=webmap/translations
mark=$folder/.compiled.mo # ends like what it stands for, so that git ignores it

compgen -G "$folder/*/LC_MESSAGES/*.po" >/dev/null || exit 0
wanted=$(find "$folder" -name '*.po' -exec cat {} + | cksum)
if [ "$(cat "$mark" 2>/dev/null)" = "$wanted" ]; then exit 0; fi
.venv/bin/pybabel --quiet compile --directory "$folder"
printf '%s\n' "$wanted" >"$mark"
