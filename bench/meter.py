"""Run a command and print what it cost, as JSON: `python bench/meter.py COMMAND …`.

Small on purpose: the kernel counts what the caller holds when it starts a program as that program's own memory.
"""

import json
import resource
import subprocess
import sys
import time

began = time.monotonic()
status = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
seconds = time.monotonic() - began
peak_kb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss  # kilobytes on Linux
print(json.dumps({"seconds": seconds, "peak_mb": peak_kb / 1024, "status": status}))
