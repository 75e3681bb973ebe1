"""Changes reach open pages under each server, over restarts of it and of Redis; nothing is held meanwhile."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import pytest

from tests.dashboard.sites import MANAGE, Site, Stream, open_files, thirty_pages, threads
from tests.services.harness import Server, wait_until
from tests.services.stores import Redis

pytestmark = pytest.mark.service

Serve = Callable[..., Site]


@pytest.mark.parametrize("kind", ["uvicorn", "asgi"])
def test_a_change_of_another_process_is_on_the_stream_within_about_a_second(serve: Serve, kind: str) -> None:
    site = serve(kind)
    with Stream(site, site.enter("viewer")) as stream:
        assert stream.answer.headers["Content-Encoding"] == "identity"
        changed = site.set_value("Counter", 7)
        assert stream.until("changes", "Counter")["keys"] == ["Counter"]
        assert time.time() - changed < 5  # a busy machine; without load it is one second at most


def test_with_redis_a_change_arrives_well_before_the_next_question_to_the_database(
    serve: Serve, redis: Redis
) -> None:
    site = serve("uvicorn", DASHBOARD_MESSENGER_URL=redis.url, DASHBOARD_POLL_SECONDS=30.0)
    with Stream(site, site.enter("viewer")) as stream:
        stream.until("ping")
        wait_until(lambda: subscribed(redis), "the process to listen to Redis")
        changed = site.set_value("Counter", 7)
        stream.until("changes", "Counter")
        assert time.time() - changed < 5


def subscribed(redis: Redis) -> bool:
    """Whether somebody listens: publishing gives the number of those who do."""
    return redis.ask("PUBLISH", "metrics_dashboard", "0") != ":0"


def test_a_stream_holds_no_thread_and_no_connection_of_its_own(serve: Serve) -> None:
    site = serve("uvicorn")
    pid = site.running().pid
    with thirty_pages(site):
        wait_until(lambda: threads(pid) <= 5, "no more than five threads", 10)
        wait_until(lambda: open_files(pid, "site.sqlite3") <= 2, "no more than two connections", 10)
    wait_until(lambda: threads(pid) <= 2, "the threads to end with the last stream")


def test_a_stream_that_comes_back_gets_what_it_missed_and_nothing_else(serve: Serve) -> None:
    site = serve("uvicorn")
    cookie = site.enter("viewer")
    site.set_value("Counter", 1)
    before = site.json("/dashboard/changes?since=0", cookie)
    site.set_value("Wide", 2)
    with Stream(site, cookie, since=before["seq"]) as stream:
        assert stream.until("changes")["keys"] == ["Wide"]
    with Stream(site, cookie, Last_Event_ID=str(before["seq"])) as stream:
        assert stream.until("changes")["keys"] == ["Wide"]


def test_what_changes_while_the_server_is_away_is_not_missed(serve: Serve) -> None:
    site = serve("uvicorn")
    cookie = site.enter("viewer")
    with Stream(site, cookie) as stream:
        stream.until("ping")
        began = time.monotonic()
        site.stop()
        assert time.monotonic() - began < 10, "an open stream held the server up"
        assert "renew" not in [name for name, _ in stream.events()]  # it would come again too soon
    site.set_value("Counter", 3)
    site.start()
    with Stream(site, cookie) as stream:
        assert stream.until("changes")["keys"] == ["Counter"]


def test_while_redis_is_away_the_database_carries_the_messages_and_then_redis_again(
    serve: Serve, redis: Redis
) -> None:
    site = serve("uvicorn", DASHBOARD_MESSENGER_URL=redis.url)
    with Stream(site, site.enter("viewer")) as stream:
        stream.until("ping")
        redis.stop()
        site.set_value("Counter", 1)
        assert stream.until("changes")["keys"] == ["Counter"]
        redis.start()
        wait_until(lambda: subscribed(redis), "the process to listen to Redis again")
        site.set_value("Wide", 2)
        assert stream.until("changes", "Wide")["keys"] == ["Wide"]
    assert "Traceback" not in site.log()


@pytest.mark.parametrize(
    "withdraw",
    [
        "User.objects.get(username='viewer').user_permissions.clear()",
        "User.objects.filter(username='viewer').update(is_active=False)",
        "User.objects.filter(username='viewer').delete()",
        "u = User.objects.get(username='viewer'); u.set_password('new'); u.save()",
        "Session.objects.all().delete()",
    ],
    ids=["permission", "inactive", "deleted", "password", "logged out"],
)
def test_who_may_no_longer_look_loses_the_open_stream(serve: Serve, withdraw: str) -> None:
    site = serve("uvicorn", DASHBOARD_CHECK_SECONDS=0.5)
    cookie = site.enter("viewer")
    imports = (
        "from django.contrib.auth.models import User; from django.contrib.sessions.models import Session\n"
    )
    with Stream(site, cookie) as stream:
        stream.until("ping")
        site.shell(imports + withdraw)
        assert stream.until("denied") == 0
    assert site.ask("/dashboard/events", cookie).status == 403
    assert site.ask("/dashboard/changes", cookie).status == 403


def test_others_keep_their_streams(serve: Serve) -> None:
    site = serve("uvicorn", DASHBOARD_CHECK_SECONDS=0.5)
    with Stream(site, site.enter("viewer")) as viewer, Stream(site, site.enter("other")) as other:
        viewer.until("ping")
        other.until("ping")
        site.shell(
            "from django.contrib.auth.models import User; User.objects.get(username='viewer').delete()"
        )
        viewer.until("denied")
        site.set_value("Counter", 1)
        assert other.until("changes")["keys"] == ["Counter"]


def test_a_stream_ends_after_its_time_and_asks_to_come_again(serve: Serve) -> None:
    site = serve("uvicorn", DASHBOARD_STREAM_SECONDS=1)
    with Stream(site, site.enter("viewer")) as stream:
        assert [name for name, _ in stream.events()][-1] == "renew"


def test_past_the_limit_pages_ask_instead(serve: Serve) -> None:
    site = serve("uvicorn", DASHBOARD_MAX_STREAMS=1)
    cookie = site.enter("viewer")
    with Stream(site, cookie) as stream:
        stream.until("ping")
        assert site.ask("/dashboard/events", cookie).status == 204
        assert site.json("/dashboard/changes", cookie)["stream"] is False


@pytest.mark.parametrize("kind", ["gunicorn", "runserver"])
def test_under_wsgi_there_is_no_stream_and_pages_ask(serve: Serve, kind: str) -> None:
    site = serve(kind)
    cookie = site.enter("viewer")
    assert site.ask("/dashboard/events", cookie).status == 204
    before = site.json("/dashboard/changes", cookie)
    assert (before["stream"], before["wait"]) == (False, 1.0)
    site.set_value("Counter", 7)
    after = site.json(f"/dashboard/changes?since={before['seq']}", cookie)
    assert after["keys"] == ["Counter"]
    assert b">7<" in site.ask("/dashboard/widget/Counter", cookie).body
    site.stop()
    site.start()
    assert site.json(f"/dashboard/changes?since={before['seq']}", cookie)["keys"] == ["Counter"]


@pytest.mark.parametrize("kind", ["uvicorn", "gunicorn"])
def test_widgets_update_by_themselves_while_somebody_looks_and_not_otherwise(serve: Serve, kind: str) -> None:
    site = serve(kind, DASHBOARD_BACKGROUND=True)
    cookie = site.enter("viewer")
    assert site.json("/dashboard/changes", cookie)["keys"] == []
    wait_until(
        lambda: "Counter" in site.json("/dashboard/changes?since=0", cookie)["keys"], "the first update"
    )
    first = site.json("/dashboard/changes?since=0", cookie)["seq"]
    wait_until(lambda: site.json(f"/dashboard/changes?since={first}", cookie)["keys"], "the next one")
    began = time.monotonic()
    site.stop()
    assert time.monotonic() - began < 10


def test_the_loop_updates_what_is_due_and_ends_well(serve: Serve) -> None:
    site = serve("uvicorn")
    loop = Server(
        "loop",
        [sys.executable, MANAGE, "update_widget_data", "--loop", "-v2"],
        site.folder,
        lambda: "Counter: updated" in loop.log(),
    )
    loop.env = site.env
    with Stream(site, site.enter("viewer")) as stream:
        with loop:
            stream.until("changes", "Counter")
            wait_until(lambda: loop.log().count("Counter: updated") >= 2, "the second round")
            assert loop.log().count("Broken: failed") == 1
            assert loop.stop() == 0
