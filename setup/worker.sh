#!/usr/bin/env bash
# The worker beside the server: setup/worker.sh PROCESS. It is begun again whenever it ends, until that process is gone.
set -uo pipefail
cd "$(dirname "$0")/.."
server=$1
trap '[ -z "${worker:-}" ] || kill "$worker" 2>/dev/null; exit 0' TERM INT
while kill -0 "$server" 2>/dev/null; do
    .venv/bin/flask worker --while "$server" &
    worker=$!
    wait "$worker"
    sleep 2 &
    wait $!
done
