"""How large a stream was, counted as it goes by."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from django.http import FileResponse, HttpResponseBase


class Size:
    """Bytes of a streaming response; what it is when the stream has ended is its whole size."""

    __slots__ = ("bytes",)

    def __init__(self, size: int = 0) -> None:
        self.bytes = size

    @classmethod
    def of(cls, response: HttpResponseBase) -> Size:
        """Return the size of a streaming response, counted from here on if it is not known.

        A file's is known by its header, and its stream is left alone: servers have ways of their own to send
        files.
        """
        length = response.headers.get("Content-Length", "")
        if length.isdecimal() and len(length) < 19:
            return cls(int(length))
        size = cls()
        if not isinstance(response, FileResponse):
            _watch(response, size)
        return size


def _watch(response: Any, size: Size) -> None:
    parts = response.streaming_content
    response.streaming_content = _acount(parts, size) if response.is_async else _count(parts, size)


def _count(parts: Iterator[bytes], size: Size) -> Iterator[bytes]:
    for part in parts:
        size.bytes += len(part)
        yield part


async def _acount(parts: AsyncIterator[bytes], size: Size) -> AsyncIterator[bytes]:
    async for part in parts:
        size.bytes += len(part)
        yield part
