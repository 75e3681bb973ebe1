"""How values are spread, added up and packed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_metrics_statsd.monitoring.rollups.spread import Spread

VALUES = st.lists(st.floats(-1e12, 1e12).filter(lambda v: v == 0 or abs(v) > 1e-9), min_size=1, max_size=200)


@given(VALUES, st.sampled_from([0.0, 0.25, 0.5, 0.95, 1.0]))
def test_a_quantile_is_within_a_hundredth_of_the_value_negative_or_not(
    values: list[float], share: float
) -> None:
    spread = Spread()
    spread.add(values)
    exact = sorted(values)[int(share * (len(values) - 1))]
    assert spread.quantile(share) == pytest.approx(exact, rel=0.0101)


@given(VALUES, VALUES)
def test_two_merged_and_packed_are_as_one(some: list[float], more: list[float]) -> None:
    one, two, both = Spread(), Spread(), Spread()
    one.add(some)
    two.add(more)
    both.add(some + more)
    one.merge(Spread.unpack(two.pack()))
    assert Spread.unpack(one.pack()).bins == both.bins


@pytest.mark.parametrize("count", [1, 255, 256, 65_536, 2**33])
def test_large_numbers_are_packed_whole(count: int) -> None:
    assert Spread.unpack(Spread({7: count}).pack()).bins == {7: count}


@pytest.mark.parametrize("junk", [b"\x04abc", b"\x00ab"])
def test_junk_is_refused(junk: bytes) -> None:
    with pytest.raises(ValueError, match="packed spread"):
        Spread.unpack(junk)


def test_nothing_has_no_quantile() -> None:
    assert Spread.unpack(None).quantile(0.5) is None
