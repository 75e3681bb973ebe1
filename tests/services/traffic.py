"""Loopback HTTP requests over kept-alive connections, from several threads."""

from __future__ import annotations

import http.client
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes


def get(port: int, path: str) -> Answer:
    """One request on a connection of its own."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        return exchange(link, path)
    finally:
        link.close()


def exchange(link: http.client.HTTPConnection, path: str) -> Answer:
    link.request("GET", path)
    answer = link.getresponse()
    return Answer(answer.status, answer.read())


def many(port: int, path: str, total: int, threads: int = 8) -> Counter[int]:
    """So many requests; how often each status came back."""
    shares = [total // threads + (number < total % threads) for number in range(threads)]
    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(lambda share: batch(port, path, share), shares), Counter())


def batch(port: int, path: str, total: int) -> Counter[int]:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        return Counter(exchange(link, path).status for _ in range(total))
    finally:
        link.close()
