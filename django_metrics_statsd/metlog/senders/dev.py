"""Senders for development: stream, standard output, file, memory. The caller waits for them."""

from __future__ import annotations

import io
import sys
import weakref
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from django_metrics_statsd import recording
from django_metrics_statsd.metlog.envelope import Message, encode
from django_metrics_statsd.metlog.paths import resolve

#: How many messages `DebugCaptureSender` keeps.
CAPTURED = 100

Formatter = Callable[[Message], str]


class TextStream(Protocol):
    """What a stream must have."""

    def write(self, text: str, /) -> object:
        """Take some text."""
        ...

    def flush(self) -> None:
        """Pass on what was taken."""
        ...


class StreamSender:
    """Writes messages to a stream, each followed by a line end.

    Args:
        stream: an object with ``write(text)`` and ``flush()``.
        formatter: a function of the message that returns the text, or its dotted path; by default
            JSON indented by four spaces.
    """

    def __init__(self, stream: TextStream | None, formatter: Formatter | str | None = None) -> None:
        self._stream = stream
        self.formatter: Formatter = (
            partial(encode, indent=4) if formatter is None else resolve("the sender's formatter", formatter)
        )

    @property
    def stream(self) -> TextStream:
        """The stream that is written to."""
        return sys.stdout if self._stream is None else self._stream

    def send_message(self, msg: Message) -> None:
        """Write one message, in one piece, so that threads do not mix their lines."""
        stream = self.stream
        stream.write(f"{self.formatter(msg)}\n")
        stream.flush()


class StdOutSender(StreamSender):
    """Writes messages to what is standard output at that moment."""

    def __init__(self, formatter: Formatter | str | None = None) -> None:
        super().__init__(None, formatter)


class FileSender(StreamSender):
    """Appends messages to a file, UTF-8, each in one write, so several processes may share it.

    Raises:
        OSError: the file cannot be opened.
    """

    def __init__(self, filepath: str | Path, formatter: Formatter | str | None = None) -> None:
        # Unbuffered below: nothing is left over that a forked child would write a second time.
        raw = Path(filepath).open("ab", buffering=0)  # noqa: SIM115 - open as long as the sender lives
        stream = io.TextIOWrapper(raw, encoding="utf-8", write_through=True)
        super().__init__(stream, formatter)
        self.close = weakref.finalize(self, stream.close)


class DebugCaptureSender:
    """Keeps the last 100 messages as JSON strings in ``msgs``. Arguments become attributes.

    The toolbar's panel shows the messages of each request.
    """

    def __init__(self, **attributes: Any) -> None:
        self.msgs: deque[str] = deque(maxlen=CAPTURED)
        for name, value in attributes.items():
            setattr(self, name, value)

    def send_message(self, msg: Message) -> None:
        """Keep one message."""
        text = encode(msg)
        self.msgs.append(text)
        recorder = recording.present()
        if recorder is not None:
            recorder.note(text)
