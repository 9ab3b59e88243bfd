"""Who acknowledges a page has those that joined it too, if they may see them, and only as long as that page lasts."""

from collections.abc import Callable

import pytest

from bot.commands.request import Joined, Left
from bot.domain.effects import UpsertMessage
from bot.domain.incident.events import MadePrivate
from bot.domain.paging.effects import FindResponder
from bot.domain.paging.page import PageState
from bot.services.audit import AuditLog
from bot.services.paging.pager_results import PagerResults
from bot.testing import SpyKit
from tests.support.folding import acknowledges, is_gone, is_over_in_chat, news, of, requested, sent, two_pages


@pytest.fixture
def spy() -> SpyKit:
    return two_pages()


def resolved_in_the_pager(spy: SpyKit) -> None:
    spy.clock.tick(seconds=1)
    news(spy, "resolved")


def expires_after_its_incident(spy: SpyKit) -> None:
    """Let the acknowledgement expire when INC-1 is over and PagerDuty has not resolved page 1 yet."""
    spy.clock.tick(minutes=31)
    spy.say("stop fixed", by="U0ANA", channel="C0INC1")
    news(spy, "unacknowledged")


CARRIER_ENDS: dict[str, Callable[[SpyKit], None]] = {
    "resolved in the pager": resolved_in_the_pager,
    "its incident is resolved": is_over_in_chat,
    "gone without a word": lambda spy: (is_gone(spy), spy.pass_time(minutes=5))[-1],
    "expires after its incident": expires_after_its_incident,
}


@pytest.mark.parametrize("end", CARRIER_ENDS)
def test_an_acknowledgement_by_another_page_ends_with_that_page(spy: SpyKit, end: str):
    acknowledges(spy)

    CARRIER_ENDS[end](spy)

    assert requested(spy) == [1, 2]
    assert (of(spy, 2).state, of(spy, 2).acknowledged_by) == (PageState.REQUESTED, None)


def takes_command(spy: SpyKit) -> None:
    spy.say("incident 2 take", by="U0RAJ")
    spy.say("incident handover <@U0RAJ>", by="U0ZOE", channel="C0INC2")
    spy.say("incident 2 take", by="U0RAJ")


ACTS: dict[str, Callable[[SpyKit], object]] = {
    "note": lambda spy: spy.say("note I look at it", by="U0RAJ", channel="C0INC2"),
    "command": takes_command,
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("end", CARRIER_ENDS)
def test_who_has_acted_on_it_since_is_not_rung_again(spy: SpyKit, end: str, act: str):
    acknowledges(spy)
    ACTS[act](spy)

    CARRIER_ENDS[end](spy)
    spy.pass_time(minutes=30)

    assert requested(spy) == [1]
    assert of(spy, 2).state is PageState.ACKNOWLEDGED


def test_an_acknowledgement_by_another_page_is_in_the_audit_log(spy: SpyKit):
    acknowledges(spy)

    with spy.tx() as tx:
        lines = [line for _, line in AuditLog(tx).find(people=["U0RAJ"], incident=2)]
    assert [(it.source, it.command, it.outcome) for it in lines] == [
        ("spy", "acknowledge page 2 with page 1", "done")
    ]
    assert any("page_acknowledged" in it for it in lines[0].events)


# --- who may have both ------------------------------------------------------------------------------------


def made_private(spy: SpyKit) -> None:
    with spy.tx() as tx:
        tx.record(tx.incident(2), MadePrivate(at=tx.now))


def test_who_may_not_see_the_other_incident_does_not_get_its_page(spy: SpyKit):
    made_private(spy)

    acknowledges(spy)

    assert requested(spy) == [1, 2]
    assert "U0RAJ" not in spy.incident(2).members
    assert not [it for it in spy.asked(UpsertMessage) if it.message_type == "also_paged"]
    assert spy.lines(2)[-1].endswith("It had joined page 1, which is acknowledged, but not for this one")


def test_who_was_removed_from_the_other_incident_does_not_get_its_page(spy: SpyKit):
    spy.notice(Joined(id="1", channel="C0INC2", person="U0RAJ"))
    spy.notice(Left(id="2", channel="C0INC2", person="U0RAJ"))

    acknowledges(spy)

    assert requested(spy) == [1, 2]
    assert "U0RAJ" not in spy.incident(2).members


def test_who_is_removed_before_the_message_leaves_reads_nothing(spy: SpyKit):
    acknowledges(spy)
    made_private(spy)
    spy.clock.tick(seconds=1)
    spy.notice(Left(id="2", channel="C0INC2", person="U0RAJ"))

    told = spy.message_type("also_paged", 1).text
    assert "search is slow" not in told
    assert told == "You acknowledged page 1 to :imoc. No other page is with you because of that."


def test_whoever_acknowledges_on_the_phone_has_both_pages_without_an_incident_too(spy: SpyKit):
    spy.say('page :payments "call me"', by="U0KIM")
    sent(spy, 3)
    spy.say('page :payments "call me please"', by="U0KIM")

    news(spy, "acknowledged", 3, user="PRAJ")
    assert [it.user for it in spy.asked(FindResponder)] == ["PRAJ"]
    with spy.tx() as tx:
        PagerResults(tx).found(3, "U0RAJ")
    spy.tick()

    assert of(spy, 4).state is PageState.ACKNOWLEDGED
    spy.pass_time(minutes=3)
    assert 4 not in requested(spy)
