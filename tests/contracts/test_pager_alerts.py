"""What every pager tells of its own incidents and of changes: PagerDuty (against the sandbox) and the fake."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from bot.adapters.pagerduty.client import PagerDuty
from bot.domain.alert.report import AlertReport, AlertState
from bot.ports import Pager
from bot.sandbox.box import Box
from tests.fakes.pager import FakePager

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class World:
    """A pager, and what tools and people do there. People are named as in their e-mail."""

    pager: Pager
    now: Callable[[], datetime]
    alert: Callable[[str, str], str]
    """A tool opens an incident of a service. Returns the pager's id of it."""
    change: Callable[[str, str], object]
    acknowledge: Callable[[str, str], object]
    resolve: Callable[[str, str], object]
    merge: Callable[[str, str], object]

    def alerts(self, *services: str, ago: timedelta = timedelta()) -> Sequence[AlertReport]:
        """Return what it tells about the minute around now, or around an earlier time."""
        at = self.now() - ago
        return self.pager.alerts(services or ("PSVC1", "PSVC2"), since=at - MINUTE, until=at + MINUTE)


def fake() -> Iterator[World]:
    pager = FakePager()
    yield World(
        pager=pager,
        now=lambda: pager.now,
        alert=pager.alert,
        change=pager.change,
        acknowledge=lambda who, page: pager.become(page, "acknowledged", by=f"{who}@example.com"),
        resolve=lambda who, page: pager.become(page, "resolved", by=f"{who}@example.com"),
        merge=pager.merge,
    )


def sandbox() -> Iterator[World]:
    with Box() as box:
        given = box.environment()
        token, url = given["PAGERDUTY_API_TOKEN"], given["PAGERDUTY_API_URL"]
        pager = PagerDuty(token, from_email="spy@example.com", url=url)
        yield World(
            pager=pager,
            now=box.clock.now,
            alert=lambda title, service: box.pagerduty.alert(title, service=service).id,
            change=lambda summary, service: box.pagerduty.change(summary, service=service),
            acknowledge=box.pagerduty.acknowledge,
            resolve=box.pagerduty.resolve,
            merge=lambda page, into: box.pagerduty.merge("kim", page, into=into),
        )
        pager.close()


@pytest.fixture(params=[fake, sandbox], ids=["fake", "sandbox"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    yield from request.param()


# --- its own incidents ------------------------------------------------------------------------------------


def test_an_incident_that_no_spy_made_is_an_alert(world: World) -> None:
    pager_id = world.alert("disk is full", "PSVC2")

    [alert] = world.alerts()

    assert (alert.source, alert.pager_id, alert.key) == (
        world.pager.source,
        pager_id,
        f"pagerduty:{pager_id}",
    )
    assert (alert.title, alert.state) == ("disk is full", AlertState.FIRING)
    assert (alert.service, alert.pager_service, alert.urgency) == ("payments", "PSVC2", "high")
    assert (alert.assigned, alert.who) == ("Kim Park", None)
    assert alert.began_at is not None
    assert abs(alert.began_at - world.now()) < MINUTE
    assert alert.url


def test_what_a_spy_asked_for_is_no_alert(world: World) -> None:
    world.pager.page_policy(key="spy-1", title="help", details="", service="PSVC1", policy="PPOL1")

    assert list(world.alerts()) == []


def test_only_the_services_and_the_time_asked_for_are_told(world: World) -> None:
    world.alert("disk is full", "PSVC2")

    assert list(world.alerts("PSVC1")) == []
    assert list(world.alerts(ago=timedelta(hours=2))) == []
    assert list(world.pager.alerts([], since=world.now() - MINUTE, until=world.now() + MINUTE)) == []


def test_the_oldest_is_told_first(world: World) -> None:
    for title in ("one", "two", "three"):
        world.alert(title, "PSVC1")

    assert [it.title for it in world.alerts()] == ["one", "two", "three"]


def test_an_alert_follows_what_people_do_there(world: World) -> None:
    pager_id = world.alert("disk is full", "PSVC2")
    world.acknowledge("kim", pager_id)
    [acknowledged] = world.alerts()
    world.resolve("raj", pager_id)
    [resolved] = world.alerts()

    assert (acknowledged.state, acknowledged.who) == (AlertState.ACKNOWLEDGED, "Kim Park")
    assert (resolved.state, resolved.who, resolved.assigned) == (AlertState.RESOLVED, "Raj Patel", "")


def test_all_reports_of_one_alert_name_the_same_firing(world: World) -> None:
    pager_id = world.alert("disk is full", "PSVC2")
    [first] = world.alerts()
    world.acknowledge("kim", pager_id)
    [second] = world.alerts()

    assert first.firing == second.firing is not None
    assert first.key == second.key
    assert first.as_of is not None
    assert second.as_of is not None
    assert first.as_of <= second.as_of


def test_what_was_merged_there_is_over(world: World) -> None:
    one, other = world.alert("disk is full", "PSVC2"), world.alert("disk is full again", "PSVC2")
    world.merge(one, other)

    assert [(it.pager_id, it.state) for it in world.alerts()] == [
        (one, AlertState.RESOLVED),
        (other, AlertState.FIRING),
    ]


def test_an_alert_can_be_looked_at_as_a_page(world: World) -> None:
    pager_id = world.alert("disk is full", "PSVC2")
    world.acknowledge("kim", pager_id)

    page = world.pager.look(pager_id)

    assert (page.id, page.status, page.who, page.assigned) == (
        pager_id,
        "acknowledged",
        "Kim Park",
        "Kim Park",
    )


# --- changes ----------------------------------------------------------------------------------------------


def test_a_change_is_told_with_its_service_and_time(world: World) -> None:
    world.change("checkout 2.1 deployed", "PSVC2")

    [change] = world.pager.changes(since=world.now() - MINUTE, until=world.now() + MINUTE)

    assert (change.title, change.service, change.source) == ("checkout 2.1 deployed", "PSVC2", "pagerduty")
    assert abs(change.happened_at - world.now()) < MINUTE
    assert change.happened_at <= change.heard_at


def test_changes_of_another_time_are_not_told(world: World) -> None:
    world.change("checkout 2.1 deployed", "PSVC2")
    earlier = world.now() - timedelta(hours=2)

    assert list(world.pager.changes(since=earlier - MINUTE, until=earlier)) == []
