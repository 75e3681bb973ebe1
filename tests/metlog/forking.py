from __future__ import annotations

import os
import warnings
from collections.abc import Callable


def in_child(work: Callable[[], object]) -> int:
    """Fork, do `work` in the child, and return the child's process id; the child fails if `work` does."""
    with warnings.catch_warnings():
        # Python 3.12 and later warn of any fork beside threads. That it works is what is tested.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child:
        return child
    status = 1
    try:
        work()
        status = 0
    finally:
        os._exit(status)


def succeeded(child: int) -> bool:
    """Wait for a child and say whether its work was done."""
    return os.waitpid(child, 0)[1] == 0
