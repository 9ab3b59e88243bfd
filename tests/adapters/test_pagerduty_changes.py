"""PagerDuty's change events: asked for, read as its own documents show them, kept once and under our own names."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.adapters.pagerduty.changes import change
from bot.adapters.pagerduty.client import PagerDuty
from bot.domain.changes.change import Change, ChangeWindow
from bot.ports import Unreachable
from bot.sandbox import Box
from bot.testing import POLICY, FrozenClock, MemoryDatabase
from bot.workers.sync import Sync
from tests.fakes.chat import FakeChat
from tests.fakes.pager import FakePager

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)

DOCUMENTED: dict[str, Any] = {
    "id": "01BBYA5PFJJ6RMJ5EZDVFGP6T5",
    "summary": "Build Success: Increase snapshot create timeout to 30 seconds",
    "timestamp": "2020-07-17T08:42:58Z",
    "type": "change_event",
    "source": "acme-build-pipeline-tool-default-i-9999",
    "integration": {"id": "PEYSGVF", "type": "inbound_integration_reference"},
    "services": [{"id": "PSVC2", "type": "service_reference"}],
    "custom_details": {"build_state": "passed", "build_number": "2", "run_time": "1236s"},
    "links": [{"href": "https://acme.pagerduty.dev/build/2", "text": "View more details in Acme!"}],
}
"""The example of PagerDuty's API reference, but for the service."""


def read(entry: Any = None) -> Change:
    found = change(entry or DOCUMENTED, heard_at=NOON)
    assert found
    return found


@pytest.fixture
def box() -> Iterator[Box]:
    with Box() as box:
        yield box


def test_the_documented_example_is_read():
    told = read()

    assert (told.key, told.service) == ("pagerduty:01BBYA5PFJJ6RMJ5EZDVFGP6T5", "PSVC2")
    assert told.title == "Build Success: Increase snapshot create timeout to 30 seconds"
    assert (told.url, told.author) == (
        "https://acme.pagerduty.dev/build/2",
        "acme-build-pipeline-tool-default-i-9999",
    )
    assert told.happened_at == datetime(2020, 7, 17, 8, 42, 58, tzinfo=UTC)


def test_without_links_and_services_it_is_a_change_all_the_same():
    told = read(DOCUMENTED | {"links": [], "services": [], "html_url": "https://acme.pagerduty.com/x"})

    assert (told.service, told.url) == (None, "https://acme.pagerduty.com/x")


@pytest.mark.parametrize(
    "odd", [{"id": None}, {"timestamp": "2020-07-17T08:42:58"}, {"summary": {}}, {"links": 7}]
)
def test_what_cannot_be_read_is_left_out(odd: Any):
    assert change(DOCUMENTED | odd, heard_at=NOON) is None


def test_the_changes_of_an_hour_are_asked_for(box: Box):
    pager = PagerDuty("sandbox-pagerduty-token", from_email="spy@example.com", url=f"{box.url}/pagerduty")
    box.pagerduty.change("deploy 42")
    now = box.clock.now()

    found = pager.changes(since=now - HOUR, until=now + HOUR)

    assert [(it.title, it.service) for it in found] == [("deploy 42", "PSVC1")]
    assert pager.changes(since=now - 2 * HOUR, until=now - HOUR) == []
    pager.close()


def test_what_pagerduty_was_told_is_kept_once_under_the_teams_name():
    sessions, pager, clock = MemoryDatabase(), FakePager(), FrozenClock(NOON)
    told = read(DOCUMENTED | {"timestamp": "2026-11-23T11:50:00Z"})
    pager.told = [told]
    sync = Sync(
        sessions=sessions, clock=clock, policy=lambda: POLICY, chat=FakeChat(), pager=pager, wake=lambda: None
    )

    sync.changes()
    sync.changes()
    pager.troubles = [Unreachable("PagerDuty is down")]
    sync.changes()

    with sessions.begin() as session:
        [kept] = session.changes.within(ChangeWindow(since=NOON - HOUR, until=NOON), limit=10)
    assert (kept.number, kept.service) == (1, "payments")
