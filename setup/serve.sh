#!/usr/bin/env bash
# Serve until interrupted, at HOST and PORT; the database must be up.
set -euo pipefail
cd "$(dirname "$0")/.."
host=${HOST:-127.0.0.1} port=${PORT:-8000}
pid_file=$(.venv/bin/python -c 'from database.settings import load_settings; print(load_settings().data / "server.pid")')

if [ -s "$pid_file" ] && kill -0 "$(cat "$pid_file")" 2>/dev/null; then
    echo "Already served, by process $(cat "$pid_file"). To end it: make stop"
    exit 0
fi
rm -f "$pid_file" # of a server that was killed
.venv/bin/python - "$host" "$port" <<'PYTHON' || exit 2
import socket, sys
host, port = sys.argv[1:]
try:
    with socket.create_server((host, int(port)), family=socket.AF_INET6 if ":" in host else socket.AF_INET):
        pass
except OSError as error:
    sys.exit(f"Cannot listen at {host}:{port} ({error.strerror}). Choose another port: make demo PORT=8001")
PYTHON
echo "http://$host:$port    (Ctrl-C ends the server; make stop ends the database too)"
exec env HOST="$host" PORT="$port" .venv/bin/gunicorn
