"""Callers that keep a server busy: connections kept alive, one report after the other on each.

Runs in a process of its own: `python -m bench.load --port … --callers 16 --seconds 5 --bodies FILE --token …`,
and prints a line of JSON. The requests are prepared beforehand; only the key in each is new, so that the caller
takes little of the processor it shares with the server.
"""

import argparse
import asyncio
import json
import time
import uuid
from itertools import cycle
from pathlib import Path

PATH = "/api/v1/reports"
KEY = b"00000000-0000-4000-8000-000000000000"
"""Stands in the prepared request where each sending puts a key of its own."""


class Caller(asyncio.Protocol):
    """One connection: sends, waits for the whole answer, notes how long it took, sends again."""

    def __init__(self, requests: list[bytes], until: float) -> None:
        self._requests = cycle(requests)
        self._until = until
        self._answer = b""
        self._sent_at = 0.0
        self.waits_s: list[float] = []
        self.refused: list[bytes] = []
        self.ended = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, blank, body = self._answer.partition(b"\r\n\r\n")
        if not blank or len(body) < length_of(head):
            return
        now = time.perf_counter()
        self.waits_s.append(now - self._sent_at)
        if not head.startswith(b"HTTP/1.1 201"):
            self.refused.append(self._answer)
        if now < self._until and not self.refused and b"connection: close" not in head.lower():
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_result(exc)

    def _send(self) -> None:
        self._answer = b""
        self._sent_at = time.perf_counter()
        self._transport.write(next(self._requests).replace(KEY, str(uuid.uuid4()).encode()))


def length_of(head: bytes) -> int:
    """How many bytes of body an answer announces."""
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise ValueError("an answer of unknown length")


def request_of(body: str, token: str) -> bytes:
    """The bytes of one request, with KEY where the key goes."""
    content = body.encode()
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nIdempotency-Key: {KEY.decode()}\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


async def call(port: int, requests: list[bytes], *, callers: int, seconds: float) -> dict[str, object]:
    """Call for so many seconds; every caller takes its own part of the requests. Raises where an answer was no 201."""
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    crowd: list[Caller] = []
    for number in range(callers):
        own = requests[number::callers]
        _transport, caller = await loop.create_connection(
            lambda own=own: Caller(own, began + seconds),
            "127.0.0.1",
            port,
        )
        crowd.append(caller)
    losses = await asyncio.gather(*(caller.ended for caller in crowd))
    took = time.perf_counter() - began
    refused = [answer for caller in crowd for answer in caller.refused]
    if refused or any(losses):
        raise SystemExit(f"not every report was taken in: {refused[:1] or losses}")
    return {"seconds": took, "waits_s": [wait for caller in crowd for wait in caller.waits_s]}


def main() -> None:
    """Read the bodies (a JSON array of strings), call, print what was measured."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--callers", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--bodies", type=Path, required=True)
    parser.add_argument("--token", required=True)
    asked = parser.parse_args()
    requests = [request_of(body, asked.token) for body in json.loads(asked.bodies.read_text())]
    measured = asyncio.run(call(asked.port, requests, callers=asked.callers, seconds=asked.seconds))
    print(json.dumps(measured))


if __name__ == "__main__":
    main()
