#!/usr/bin/env bash
# The web server of this WANGGE_DATA: setup/server.sh serve (until interrupted, at HOST and PORT), setup/server.sh stop
set -euo pipefail
cd "$(dirname "$0")/.."
[ -x .venv/bin/python ] || { echo "Not set up yet: make setup"; exit 0; }
pid_file=$(.venv/bin/python -c 'from database.settings import load_settings; print(load_settings().data / "server.pid")')

# The process id of the running server, or nothing. After a restart of the machine the number may be anybody's.
running() {
    local pid
    pid=$(cat "$pid_file" 2>/dev/null) || return 0
    if { tr '\0' ' ' <"/proc/$pid/cmdline" || ps -o command= -p "$pid"; } 2>/dev/null | grep -q gunicorn; then echo "$pid"; fi
}

# gunicorn itself would try five times and then fail in the midst of its log.
check_address() {
    .venv/bin/python - "$1" "$2" <<'PYTHON'
import socket, sys
host, port = sys.argv[1:]
try:
    socket.create_server((host, int(port)), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
except OSError as error:
    why = str(error.strerror).partition(" (while")[0]
    sys.exit(f"Cannot listen at {host}, port {port}: {why}. Choose another: make demo PORT=8001")
PYTHON
}

serve() {
    local host=${HOST:-127.0.0.1} port=${PORT:-8000} server
    server=$(running)
    if [ -n "$server" ]; then
        echo "Already served, by process $server. To end it: make stop"
        return
    fi
    rm -f "$pid_file"
    check_address "$host" "$port" || exit 2
    echo "http://$host:$port    (Ctrl-C ends the server; make stop ends the database too)"
    exec env HOST="$host" PORT="$port" .venv/bin/gunicorn
}

stop() {
    local server
    server=$(running)
    if [ -n "$server" ]; then
        kill "$server"
        for _ in $(seq 300); do kill -0 "$server" 2>/dev/null || break; sleep 0.1; done
    fi
    rm -f "$pid_file"
}

"$1"
