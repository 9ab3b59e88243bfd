"""A page is told honestly, in whatever order the news comes."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.event import Event
from bot.domain.paging import events
from bot.domain.paging.page import Page, PageState
from bot.domain.refusal import Refusal

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(minutes=5)

ASKED = Page(number=17, key="spy-1", message="x", requested_by="U0ANA", requested_at=NOON, team="imoc")
SENT = events.PageSent(at=NOON, page=17, whom=":imoc", pager_id="PD1", url="https://pd/PD1")
ACKNOWLEDGED = events.PageAcknowledged(at=LATER, page=17, whom=":imoc", who="Raj Patel")
UNANSWERED = events.PageUnanswered(at=LATER, page=17, whom=":imoc")
ESCALATED = events.PageEscalated(at=LATER, page=17, whom=":imoc", to="Kim Park")
RESOLVED = events.PageResolved(at=LATER, page=17, whom=":imoc", who="Raj Patel")
DELAYED = events.PageDelayed(at=NOON, page=17, whom=":imoc", why="no answer", fallback=("Kim +1",))
FAILED = events.PageFailed(at=NOON, page=17, whom=":imoc", why="no such policy", fallback=("Kim +1",))


def after(*happened: Event) -> Page:
    page = ASKED
    for event in happened:
        page = page.after(event)
    return page


@pytest.mark.parametrize(
    ("happened", "state"),
    [
        ((), PageState.REQUESTED),
        ((SENT,), PageState.SENT),
        ((SENT, ACKNOWLEDGED), PageState.ACKNOWLEDGED),
        ((SENT, ACKNOWLEDGED, UNANSWERED), PageState.SENT),
        ((SENT, ACKNOWLEDGED, ESCALATED), PageState.SENT),
        ((SENT, RESOLVED), PageState.RESOLVED),
        ((DELAYED,), PageState.DELAYED),
        ((DELAYED, SENT), PageState.SENT),
        ((FAILED,), PageState.FAILED),
    ],
)
def test_a_page_walks(happened: tuple[Event, ...], state: PageState):
    assert after(*happened).state is state


@pytest.mark.parametrize(
    ("news", "state"), [(ACKNOWLEDGED, PageState.ACKNOWLEDGED), (RESOLVED, PageState.RESOLVED)]
)
def test_news_that_overtakes_the_sending_is_not_undone_by_it(news: Event, state: PageState):
    page = after(news, SENT)

    assert page.state is state
    assert page.pager_id == "PD1"


def test_an_acknowledgement_says_who_and_when():
    page = after(SENT, ACKNOWLEDGED)

    assert (page.acknowledged_by, page.acknowledged_at) == ("Raj Patel", LATER)


def test_an_acknowledgement_that_lapsed_is_not_shown_any_more():
    page = after(SENT, ACKNOWLEDGED, UNANSWERED)

    assert (page.acknowledged_by, page.acknowledged_at) == (None, None)


def test_what_was_late_and_then_sent_is_no_longer_in_trouble():
    assert after(DELAYED).fallback == ("Kim +1",)
    assert after(DELAYED, SENT).why is None


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (after(), "not reached the pager yet"),
        (after(DELAYED), "not reached the pager yet"),
        (after(SENT, RESOLVED), "already resolved"),
        (after(FAILED), "already failed"),
    ],
)
def test_a_page_that_does_not_ring_can_not_be_answered(page: Page, said: str):
    with pytest.raises(Refusal, match=said):
        page.must_be_ringing()


def test_a_page_that_rings_can_be_answered():
    assert after(SENT).must_be_ringing() == "PD1"


@given(st.lists(st.sampled_from([SENT, ACKNOWLEDGED, UNANSWERED, ESCALATED, RESOLVED]), max_size=8))
def test_once_pagerduty_has_it_nothing_unsends_it(happened: list[Event]):
    page = after(SENT, *happened)

    assert page.pager_id == "PD1"
    assert page.state in {PageState.SENT, PageState.ACKNOWLEDGED, PageState.RESOLVED}


def test_a_page_is_for_a_team_or_a_person():
    person = Page(number=1, key="k", message="x", requested_by=None, requested_at=NOON, person="U0RAJ")

    assert (ASKED.whom, person.whom) == (":imoc", "<@U0RAJ>")
