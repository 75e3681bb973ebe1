"""Keeps event streams of the dashboard open and says how long each change took to arrive.

Reads ``{"port", "cookie", "streams", "changes"}``; writes a line when all streams are open, then one with the
median and largest delay in milliseconds of each change, and how many streams it reached.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from contextlib import suppress
from statistics import median
from typing import Any

#: How many streams are opened side by side: what is asked is what open ones cost.
TOGETHER = 8
REQUEST = "GET /dashboard/events?since={since} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n"


async def listen(task: dict[str, Any], opened: list[int], seen: dict[int, list[float]]) -> None:
    """Open one stream, and note when each change arrives."""
    reader, writer = await asyncio.open_connection("127.0.0.1", task["port"])
    writer.write(REQUEST.format(**task).encode())
    last = task["since"]
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            line = await reader.readuntil(b"\n")
            if line.startswith(b"event: ping"):
                opened[0] += 1
            elif line.startswith(b"id: "):
                # What changed close together arrives together, under the last number.
                for number in range(last + 1, int(line[4:]) + 1):
                    seen.setdefault(number, []).append(time.time())
                last = int(line[4:])


async def main() -> None:
    """Do what standard input asks for."""
    task = json.loads(sys.stdin.readline())
    opened = [0]
    seen: dict[int, list[float]] = {}
    streams = []
    for number in range(task["streams"]):
        streams.append(asyncio.create_task(listen(task, opened, seen)))
        while opened[0] < number - TOGETHER:  # noqa: ASYNC110 - a thousand tasks count it up
            await asyncio.sleep(0.005)
    while opened[0] < task["streams"]:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    print("open", flush=True)
    loop = asyncio.get_running_loop()
    times = json.loads(await loop.run_in_executor(None, sys.stdin.readline))
    await asyncio.sleep(5)
    for number, began in times:
        delays = [(each - began) * 1000 for each in seen.get(number, [])]
        print(json.dumps([len(delays), median(delays or [0]), max(delays, default=0)]), flush=True)
    for stream in streams:
        stream.cancel()


if __name__ == "__main__":
    asyncio.run(main())
