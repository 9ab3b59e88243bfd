"""Customers hear news in time: the commander is reminded while a component does not work."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.testing import SpyKit
from tests.status.test_commands import SLOW, published
from tests.support.status import STATUS


@pytest.fixture
def told(spy: SpyKit, channel: str) -> SpyKit:
    """INC-1 is a sev1, and customers know since noon that checkout is slow."""
    spy.adopt(replace(spy.policy, status=STATUS))
    published(spy, SLOW, channel)
    return spy


def asked(spy: SpyKit) -> list[str]:
    texts = [it.text for it in spy.reminder_messages(to="U0ANA")]
    return [it for it in texts if "ustomers" in it or "public update" in it]


@pytest.mark.parametrize(
    ("phase", "severity", "minutes"),
    [
        ("investigating", "sev1", 10),
        ("investigating", "sev3", 15),
        ("identified", "sev1", 10),
        ("identified", "sev2", 30),
        ("mitigated", "sev1", 30),
        ("monitoring", "sev3", 60),
    ],
)
def test_news_is_due_by_phase_and_severity(
    told: SpyKit, channel: str, phase: str, severity: str, minutes: int
):
    told.say(f"incident sev {severity}", channel=channel)
    told.say(f"incident status {phase}", channel=channel)

    told.pass_time(minutes=minutes - 0.1)
    early = asked(told)
    told.pass_time(minutes=0.2)

    assert early == []
    assert [it.startswith("*Customers wait for news of INC-1") for it in asked(told)] == [True]


def test_the_reminder_is_done_by_an_update_and_begins_again(told: SpyKit, channel: str):
    told.pass_time(minutes=11)

    published(told, 'status checkout "We restart a database."', channel)

    assert asked(told) == ["INC-1: customers were told."]
    told.pass_time(minutes=10)
    assert len(asked(told)) == 2


def test_it_is_repeated_until_somebody_tells_them(told: SpyKit):
    told.pass_time(minutes=21)

    first, second = asked(told)
    assert first == "INC-1: the public update was still due; there is a newer reminder below."
    assert "Checkout is Degraded performance" in second
    assert "a public update" in told.message_type("card", 1).text


def test_nobody_is_reminded_once_it_works(told: SpyKit, channel: str):
    published(told, 'status checkout ok "It works again."', channel)

    told.pass_time(hours=2)

    assert asked(told) == []


def test_after_the_end_the_commander_hears_what_customers_still_read(told: SpyKit, channel: str):
    told.say('incident stop "rolled back" anyway', channel=channel)

    told.pass_time(minutes=31)
    [over] = asked(told)
    told.pass_time(hours=20)
    assert len(asked(told)) == 1
    told.pass_time(hours=5)
    assert len(asked(told)) == 2

    assert over.startswith(
        "*INC-1 checkout is down is over, and customers still read that it is not.* Checkout is"
    )
    published(told, 'status checkout ok "It works again."', channel)
    told.pass_time(hours=50)
    assert asked(told)[-1] == "INC-1: customers were told."
    assert len(asked(told)) == 2


def test_a_severity_that_is_not_listed_needs_no_public_updates(told: SpyKit):
    timers = replace(told.policy.timers, public_update_investigating={"sev2": timedelta(minutes=5)})
    told.adopt(replace(told.policy, timers=timers))

    told.pass_time(hours=1)

    assert asked(told) == []
