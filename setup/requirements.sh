#!/usr/bin/env bash
# Pin every package of pyproject.toml, and what those need, exactly. Pins that still fit stay.
# To take newer ones: setup/requirements.sh --upgrade
set -euo pipefail
cd "$(dirname "$0")/.."
compile() {
    .venv/bin/pip-compile --quiet --strip-extras --no-header --no-emit-index-url --no-emit-find-links \
        --no-emit-trusted-host --no-emit-options "$@" pyproject.toml
}
compile "$@" --output-file requirements.txt
compile "$@" --extra dev --constraint requirements.txt --output-file requirements-dev.txt
# A constraint is not a reason.
sed -i.bak -e '/^    #   -c requirements.txt$/d' -e 's/^    # via -c requirements.txt$/    # via/' requirements-dev.txt
rm requirements-dev.txt.bak
for list in requirements.txt requirements-dev.txt; do
    sed -i.bak -e '1i\
# Compiled from pyproject.toml: make requirements' "$list"
    rm "$list.bak"
done
