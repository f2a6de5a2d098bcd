#!/usr/bin/env bash
# End the server and the private database of this WANGGE_DATA; the data stays.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -x .venv/bin/flask ] || exit 0
pid_file=$(.venv/bin/python -c 'from database.settings import load_settings; print(load_settings().data / "server.pid")')

if [ -s "$pid_file" ]; then
    server=$(cat "$pid_file")
    # After a restart of the machine the number may be anybody's.
    if tr '\0' ' ' <"/proc/$server/cmdline" 2>/dev/null | grep -q gunicorn || ps -o command= -p "$server" 2>/dev/null | grep -q gunicorn; then
        kill "$server"
        for _ in $(seq 300); do kill -0 "$server" 2>/dev/null || break; sleep 0.1; done
    fi
    rm -f "$pid_file"
fi
.venv/bin/flask db down
