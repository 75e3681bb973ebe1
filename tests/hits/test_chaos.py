"""Every hit once in every storage, whatever dies; `python -m tests.hits.chaos` does the same at length."""

from __future__ import annotations

import pytest

from tests.hits import chaos

pytestmark = pytest.mark.service


def test_every_hit_is_once_in_every_storage_whatever_dies() -> None:
    said: list[str] = []
    found = chaos.run(2_000, seconds=3.0, every=3.0, say=said.append)
    assert chaos.problems(found, 2_000) == []
    assert {storage: len(paths) for storage, paths in found.items()} == dict.fromkeys(found, 2_000)
    assert set(found) == {"pg", "maria", "influx", "click"}
    points = int(said[-1].split()[2].replace(",", ""))
    assert points >= 2_000
