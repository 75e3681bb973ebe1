"""The child's end of the pipe: a question per line in, an answer per line out."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any


def serve(answer: Callable[..., dict[str, float]]) -> None:
    """Call `answer` with each question's fields until the parent closes the pipe."""
    for line in sys.stdin:
        question: dict[str, Any] = json.loads(line)
        sys.stdout.write(json.dumps(answer(**question)) + "\n")
        sys.stdout.flush()
