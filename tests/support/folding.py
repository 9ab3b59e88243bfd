"""Two incidents that ring the same phone, for tests of pages that join another one."""

from dataclasses import replace

from bot.domain.paging.effects import SendPage
from bot.domain.paging.page import Page, PageState
from bot.ports import PagerNews, Profile, Ringing
from bot.services.paging.pager_results import PagerResults
from bot.services.people import People
from bot.testing import POLICY, FrozenClock, SpyKit
from plugins import channel, incident, oncall, page, timeline
from tests.support.templates import shipped


def two_pages() -> SpyKit:
    """Return a Spy with two pages to :imoc, that is Raj: page 1 of INC-1 (Ana) rings, page 2 of INC-2 (Zoe) joins."""
    clock = FrozenClock()
    spy = SpyKit(
        channel, incident, page, oncall, timeline, policy=POLICY, templates=shipped(clock), clock=clock
    )
    with spy.tx() as tx:
        People(tx).met("U0RAJ", Profile(name="Raj Patel"))
    opens(spy, "checkout is down", by="U0ANA", number=1)
    sent(spy, 1)
    opens(spy, "search is slow", by="U0ZOE", number=2)
    return spy


def opens(spy: SpyKit, name: str, *, by: str, number: int, more: str = "sev1") -> None:
    spy.say(f'incident me "{name}" {more}', by=by)
    spy.create_channel(number, channel=f"C0INC{number}")


def ringing(number: int, status: str = "triggered", **more: str) -> Ringing:
    return Ringing(
        id=f"PD{number}", url=f"https://pd/PD{number}", status=status, assigned="Raj Patel", **more
    )  # type: ignore[arg-type]


def sent(spy: SpyKit, number: int) -> None:
    with spy.tx() as tx:
        PagerResults(tx).sent(number, ringing(number))


def news(spy: SpyKit, kind: str, number: int = 1, **more: str) -> None:
    """Let PagerDuty tell what became of a page."""
    with spy.tx() as tx:
        at = spy.clock.now()
        told = replace(ringing(number, kind, **more), at=at)
        PagerResults(tx).record(PagerNews(id=f"{kind}{number}", kind=kind, page=told))
    spy.tick()


def acknowledges(spy: SpyKit, number: int = 1, *, by: str = "U0RAJ") -> None:
    """Let a person acknowledge in chat, and PagerDuty confirm it."""
    spy.say(f"pager ack {number}", by=by)
    with spy.tx() as tx:
        PagerResults(tx).answered(number, "acknowledged", ringing(number, "acknowledged"), by=by)
    spy.tick()


def of(spy: SpyKit, number: int) -> Page:
    with spy.tx() as tx:
        found = tx.session.pages.get(number)
    assert found
    return found


def requested(spy: SpyKit) -> list[int]:
    return [it.page for it in spy.asked(SendPage)]


def kinds(spy: SpyKit, number: int) -> list[str]:
    return [it.kind for it in spy.timeline(number)]


def is_over_in_chat(spy: SpyKit) -> None:
    """Resolve INC-1 while PagerDuty does not answer, so that page 1 never is confirmed as resolved."""
    spy.say("stop fixed", by="U0ANA", channel="C0INC1")
    spy.tick()


def is_gone(spy: SpyKit) -> None:
    """Let a process change page 1 without a word to those that joined it: they look by themselves."""
    with spy.tx() as tx:
        found = tx.session.pages.get(1)
        assert found
        tx.session.pages.put(replace(found, state=PageState.RESOLVED))
    spy.pass_time(seconds=15)
