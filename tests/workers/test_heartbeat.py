"""A heartbeat leaves while duties are spoken in time, and not otherwise."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from bot.ports import Due, Rejected, Unavailable, Unreachable
from bot.testing import FrozenClock
from bot.workers.heartbeat import Heartbeat

NOTHING = Due(effects=False, reminders=False, failovers=False)


@dataclass
class Monitor:
    """Hears heartbeats, and looks back for what is late since a time."""

    clock: FrozenClock = field(default_factory=FrozenClock)
    beats: int = 0
    effect: datetime | None = None
    reminder: datetime | None = None
    link: str = ""
    trouble: Exception | None = None
    is_away: bool = False

    def due(self, now: datetime) -> Due:
        raise AssertionError(f"only what is late counts, not what is due at {now}")

    def overdue(self, since: datetime) -> Due:
        if self.is_away:
            raise Unavailable("no route")
        late = (it is not None and it <= since for it in (self.effect, self.reminder))
        return Due(**dict(zip(("effects", "reminders"), late, strict=True)), failovers=False)

    def call(self) -> None:
        if self.trouble:
            raise self.trouble
        self.beats += 1


@pytest.fixture
def monitor() -> Monitor:
    return Monitor()


@pytest.fixture
def heart(monitor: Monitor) -> Heartbeat:
    parts = {"Slack": lambda: monitor.link}
    return Heartbeat(queues=monitor, clock=monitor.clock, parts=parts, call=monitor.call)


def test_it_beats_while_nothing_is_late(heart: Heartbeat, monitor: Monitor):
    for _ in range(3):
        heart.beat()

    assert monitor.beats == 3


@pytest.mark.parametrize("queue", ["effect", "reminder"])
def test_it_stops_a_minute_after_something_was_due_and_goes_on_once_that_is_done(
    heart: Heartbeat, monitor: Monitor, queue: str
):
    setattr(monitor, queue, monitor.clock.now())

    monitor.clock.tick(seconds=59)
    heart.beat()
    monitor.clock.tick(seconds=1)
    heart.beat()
    assert monitor.beats == 1

    setattr(monitor, queue, None)
    heart.beat()
    assert monitor.beats == 2


def test_it_stops_while_slack_is_not_linked(heart: Heartbeat, monitor: Monitor):
    monitor.link = "no link to Slack"

    heart.beat()

    assert monitor.beats == 0
    assert heart.trouble() == "Slack: no link to Slack"


def test_it_stops_while_the_database_does_not_answer(heart: Heartbeat, monitor: Monitor):
    monitor.is_away = True

    heart.beat()

    assert monitor.beats == 0


@pytest.mark.parametrize("trouble", [Unreachable("no answer"), Rejected("HTTP 404")], ids=repr)
def test_a_monitor_that_fails_is_logged_once_and_called_again(
    heart: Heartbeat, monitor: Monitor, trouble: Exception
):
    monitor.trouble = trouble
    with capture_logs() as logs:
        heart.beat()
        heart.beat()
        monitor.trouble = None
        heart.beat()

    assert [it["event"] for it in logs] == ["no heartbeat", "the heartbeat goes on"]
    assert monitor.beats == 1


def test_what_keeps_it_from_beating_is_logged_once_for_each_reason(heart: Heartbeat, monitor: Monitor):
    with capture_logs() as logs:
        monitor.link = "no link to Slack"
        heart.beat()
        heart.beat()
        monitor.link, monitor.reminder = "", monitor.clock.now() - timedelta(hours=1)
        heart.beat()

    assert [it["why"] for it in logs] == [
        "Slack: no link to Slack",
        "reminders are due for more than 60 s",
    ]
