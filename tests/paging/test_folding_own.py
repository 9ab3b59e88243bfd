"""Who pages and answers in turns does not ring a phone without end, and nobody waits for long."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.domain.limits import LimitSettings
from bot.domain.paging.page import PageState
from bot.services.paging.pager_results import PagerResults
from bot.testing import POLICY, SpyKit
from tests.support.folding import kinds, of, opens, requested, ringing, sent, two_pages

LIMIT = POLICY.limits.ring_again_after


@pytest.fixture
def spy() -> SpyKit:
    """Return a Spy where INC-3 (sev3) is Zoe's."""
    spy = two_pages()
    opens(spy, "typo", by="U0ZOE", number=3, more="sev3")
    return spy


def pages(spy: SpyKit, *, by: str = "U0ZOE", on: int = 3) -> int:
    """Page :payments, and return the page's number. PagerDuty accepts it if it rings."""
    spy.say("page :payments look", by=by, channel=f"C0INC{on}")
    with spy.tx() as tx:
        number = max(it.number for it in tx.session.pages.of(on))
    if of(spy, number).state is PageState.REQUESTED:
        sent(spy, number)
    return number


def acknowledges(spy: SpyKit, number: int) -> None:
    spy.say(f"pager ack {number}", by="U0ZOE", channel="C0INC3")


def is_confirmed(spy: SpyKit, number: int) -> None:
    acknowledges(spy, number)
    confirm(spy, number, "acknowledged")


def resolves(spy: SpyKit, number: int) -> None:
    spy.say(f"pager resolve {number}", by="U0ZOE", channel="C0INC3")


def is_resolved(spy: SpyKit, number: int) -> None:
    resolves(spy, number)
    confirm(spy, number, "resolved")


def acknowledges_and_resolves(spy: SpyKit, number: int) -> None:
    is_confirmed(spy, number)
    is_resolved(spy, number)


def ends_and_reopens(spy: SpyKit, number: int) -> None:
    spy.say("stop fixed", by="U0ZOE", channel="C0INC3")
    if of(spy, number).pager_id:
        confirm(spy, number, "resolved")
    spy.say("reopen", by="U0ZOE", channel="C0INC3")


def confirm(spy: SpyKit, number: int, answer: str) -> None:
    if of(spy, number).pager_id is None:
        return
    with spy.tx() as tx:
        PagerResults(tx).answered(number, answer, ringing(number, answer), by="U0ZOE")
    spy.tick()


ANSWERS: dict[str, Callable[[SpyKit, int], None]] = {
    "acknowledges": acknowledges,
    "acknowledges, confirmed": is_confirmed,
    "resolves": resolves,
    "resolves, confirmed": is_resolved,
    "acknowledges and resolves": acknowledges_and_resolves,
    "ends and reopens": ends_and_reopens,
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_who_pages_and_answers_in_turns_rings_a_phone_once(spy: SpyKit, answer: str):
    for _ in range(20):
        ANSWERS[answer](spy, pages(spy))

    assert len(requested(spy)) == 2


@pytest.mark.parametrize("answer", ANSWERS)
def test_who_answers_what_rings_while_others_wait_rings_seldom(spy: SpyKit, answer: str):
    for _ in range(60):
        pages(spy)
        with spy.tx() as tx:
            own = [it for it in tx.session.pages.of(3) if it.folded_into is None]
        for it in own:
            if it.state is PageState.REQUESTED:
                sent(spy, it.number)
            if it.state in {PageState.REQUESTED, PageState.SENT} and not it.answer:
                ANSWERS[answer](spy, it.number)
        spy.pass_time(seconds=10)

    assert len([it for it in requested(spy) if it > 2]) <= 2 + 600 / LIMIT.total_seconds() * 2


@pytest.mark.parametrize("answer", ANSWERS)
def test_the_next_page_of_who_answered_their_own_rings_in_time(spy: SpyKit, answer: str):
    ANSWERS[answer](spy, pages(spy))
    again = pages(spy)

    assert again not in requested(spy)
    spy.pass_time(seconds=LIMIT.total_seconds())
    assert again in requested(spy)


def test_who_pages_and_answers_without_an_incident_rings_a_phone_once(spy: SpyKit):
    before = requested(spy)
    for _ in range(20):
        spy.say("page <@U0RAJ> look", by="U0ZOE")
        with spy.tx() as tx:
            last = max(it.number for it in tx.session.pages.since(spy.clock.now()))
        if of(spy, last).folded_into is None:
            sent(spy, last)
        acknowledges(spy, last)

    assert len(requested(spy)) == len(before) + 1


def test_who_pages_reads_why_it_waits(spy: SpyKit):
    is_confirmed(spy, pages(spy))
    again = pages(spy)

    assert (
        "waits a few minutes, because who requested it has answered page 3"
        in spy.message_type("page", again).text
    )
    assert "page_folded" in kinds(spy, 3)


def test_the_page_of_somebody_else_rings_at_once(spy: SpyKit):
    is_confirmed(spy, pages(spy))

    assert pages(spy, by="U0KIM") in requested(spy)
    assert pages(spy, by="U0ANA", on=1) in requested(spy)


def test_the_first_page_for_another_incident_rings_at_once(spy: SpyKit):
    is_confirmed(spy, pages(spy))

    assert pages(spy, on=2) in requested(spy)


def test_who_answers_their_own_page_does_not_answer_that_of_somebody_else(spy: SpyKit):
    first = pages(spy)
    other = pages(spy, by="U0KIM")
    assert other not in requested(spy)

    is_confirmed(spy, first)

    assert other in requested(spy)


def test_pages_of_a_commander_leave_the_limit_of_the_team_to_others(spy: SpyKit):
    spy.adopt(replace(spy.policy, limits=LimitSettings(pages_per_team=5, ring_again_after=LIMIT * 0)))
    last = [pages(spy) for _ in range(10)][-1]

    assert pages(spy, by="U0RAJ", on=1) == last + 1
    assert last + 1 in requested(spy)
