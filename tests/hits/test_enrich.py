"""A hit gets what its user agent is and where its address is, and nothing else of it changes."""

from __future__ import annotations

from typing import Any

import pytest

from django_metrics_statsd.hits.enrichment import agents, geo
from django_metrics_statsd.hits.enrichment import enrich as module
from django_metrics_statsd.hits.enrichment.enrich import enrich
from django_metrics_statsd.hits.records import Geo, UserAgent, as_dict, pack, unpack
from tests.hits import samples
from tests.services.geoip import database

FIREFOX = "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:55.0) Gecko/20100101 Firefox/55.0"
AT_LONDON = "81.2.69.142"


@pytest.fixture
def places(settings: Any) -> None:
    settings.GEOIP_PATH = database()


def bare(**fields: Any) -> Any:
    return samples.hit(**{"ua": None, "geo": None, **fields})


@pytest.mark.service
def test_a_hit_gets_both_and_nothing_else_changes(places: None) -> None:
    hit = bare(user_agent=FIREFOX, ip=AT_LONDON)
    before = as_dict(hit)
    enrich(hit)
    assert hit.ua == agents.parse(FIREFOX)
    assert hit.geo == geo.locate(AT_LONDON)
    assert hit.geo is not None
    assert hit.geo.city == "London"
    after = as_dict(hit)
    assert {name: after[name] for name in after if name not in {"ua", "geo"}} == {
        name: before[name] for name in before if name not in {"ua", "geo"}
    }
    assert unpack(pack(hit)) == hit


@pytest.mark.service
def test_what_is_set_stays(places: None) -> None:
    hit = bare(user_agent=FIREFOX, ip=AT_LONDON, ua=UserAgent(os="Ours"), geo=Geo(city="Ours"))
    enrich(hit)
    assert (hit.ua, hit.geo) == (UserAgent(os="Ours"), Geo(city="Ours"))


def test_no_user_agent_is_an_empty_one_and_no_address_is_nowhere() -> None:
    hit = bare(user_agent="", ip="")
    enrich(hit)
    assert hit.ua == UserAgent(device="")
    assert hit.geo is None


@pytest.mark.service
def test_a_private_address_is_nowhere(places: None) -> None:
    hit = bare(ip="10.1.2.3")
    enrich(hit)
    assert hit.geo is None


@pytest.mark.parametrize("record", [samples.event(), samples.timing()], ids=["event", "timing"])
def test_other_records_stay_as_they_are(record: Any) -> None:
    before = pack(record)
    enrich(record)
    assert pack(record) == before


@pytest.mark.service
def test_every_odd_hit_can_be_enriched(places: None) -> None:
    for record in (*samples.odd().values(), *samples.unencodable().values()):
        enrich(record)


def test_what_goes_wrong_is_counted_and_raises_nothing(
    monkeypatch: pytest.MonkeyPatch, faults: dict[str, int]
) -> None:
    monkeypatch.setattr(module, "parse", lambda text: 1 / 0)
    hit = bare(user_agent=FIREFOX)
    enrich(hit)
    assert hit.ua is None
    assert faults == {"hits.enrich": 1}
