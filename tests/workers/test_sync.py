"""What is copied from the world at intervals: one that is odd costs no other."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.domain.oncall.shift import Turn
from bot.ports import Person, Profile, Rejected, Ringing, Unreachable
from bot.services.paging.pager_results import PagerResults
from bot.testing import NOON, SpyKit
from bot.workers.sync import Sync
from tests.fakes.chat import FakeChat
from tests.fakes.pager import FakePager
from tests.support.folders import PLUGINS


@dataclass
class OddPager(FakePager):
    """Its answers about one schedule and one page are of a kind that nobody foresaw."""

    odd: str = ""

    def shifts(self, schedules: Collection[str], *, since: datetime, until: datetime) -> Sequence[Turn]:
        self._crash(*schedules)
        return super().shifts(schedules, since=since, until=until)

    def look(self, pager_id: str) -> Ringing:
        self._crash(pager_id)
        return super().look(pager_id)

    def _crash(self, *idents: str) -> None:
        if self.odd in idents:
            raise TypeError("'NoneType' object is not subscriptable")


class OddChat(FakeChat):
    odd = "U0ODD"

    def profile(self, person: str) -> Profile:
        if person == self.odd:
            raise KeyError("profile")
        return super().profile(person)

    def find_by_email(self, email: str) -> Person | None:
        if email == "raj@example.com":
            raise KeyError("user")
        return super().find_by_email(email)


@pytest.fixture
def spy() -> SpyKit:
    return SpyKit(PLUGINS)


def syncing(spy: SpyKit, **world: Any) -> Sync:
    facts: dict[str, Any] = {"chat": FakeChat(), "pager": FakePager(), **world}
    return Sync(sessions=spy.sessions, clock=spy.clock, policy=lambda: spy.policy, wake=lambda: None, **facts)


def shifts(spy: SpyKit) -> set[str]:
    with spy.tx() as tx:
        return {it.turn.schedule for it in tx.session.shifts.between(NOON, NOON + timedelta(days=7))}


def test_one_schedule_that_stumbles_hides_no_other(spy: SpyKit):
    syncing(spy, pager=OddPager(odd="PSCH1")).shifts()

    assert shifts(spy) == {"PSCH2"}


def test_one_e_mail_that_stumbles_hides_no_schedule_and_is_not_in_the_log(spy: SpyKit):
    with capture_logs() as logged:
        syncing(spy, chat=OddChat()).shifts()

    assert shifts(spy) == {"PSCH1", "PSCH2"}
    assert [it["about"] for it in logged if "about" in it] == ["an e-mail"]


def test_one_page_that_stumbles_hides_no_answer_to_another(spy: SpyKit):
    spy.say('incident me "checkout is down" sev1')
    spy.say('page :payments "come"')
    pager = OddPager(odd="Q0000000000001")
    for page, service in ((1, "PSVC1"), (2, "PSVC2")):
        ringing = pager.page_policy(key=f"k{page}", title="x", details="", service=service, policy=None)
        with spy.tx() as tx:
            PagerResults(tx).sent(page, ringing)
    pager.become("Q0000000000002", "acknowledged", by="kim@example.com")

    syncing(spy, pager=pager).pages()

    with spy.tx() as tx:
        assert [tx.session.pages.get(it).acknowledged_by for it in (1, 2)] == [None, "Kim Park"]  # type: ignore[union-attr]


def test_one_person_that_stumbles_hides_nobody(spy: SpyKit):
    spy.meet(U0ODD="Odd", U0RAJ="raj")
    chat = OddChat()
    chat.profiles = {"U0RAJ": Profile(name="Raj Patel")}

    syncing(spy, chat=chat).people()

    with spy.tx() as tx:
        assert tx.session.people.get("U0RAJ").name == "Raj Patel"  # type: ignore[union-attr]


class Counting(FakeChat):
    """Slack knows who is real; of the others it tells nothing, or something odd."""

    def __init__(self, trouble: Exception) -> None:
        super().__init__()
        self.trouble = trouble
        self.asked = Counter[str]()

    def profile(self, person: str) -> Profile:
        self.asked[person] += 1
        if person.startswith("U0GONE"):
            raise self.trouble
        return Profile(name="Raj Patel")

    def find_by_email(self, email: str) -> Person | None:
        self.asked[email] += 1
        raise self.trouble


TROUBLES = [
    Rejected("user_not_found", "Slack knows no such person here."),
    Unreachable("Slack's answer was not understood"),
    KeyError("profile"),
]


@pytest.mark.parametrize("trouble", TROUBLES)
def test_twenty_who_cannot_be_read_starve_nobody(spy: SpyKit, trouble: Exception):
    spy.meet(**{f"U0GONE{number}": f"gone{number}" for number in range(20)}, U0RAJ="raj")
    sync = syncing(spy, chat=Counting(trouble))

    for _ in range(3):
        sync.people()
        spy.clock.tick(minutes=1)

    with spy.tx() as tx:
        assert tx.session.people.get("U0RAJ").name == "Raj Patel"  # type: ignore[union-attr]


def test_who_cannot_be_read_is_asked_about_now_and_then_and_logged_once(spy: SpyKit):
    spy.meet(U0GONE="gone")
    chat = Counting(TROUBLES[0])
    sync = syncing(spy, chat=chat)

    with capture_logs() as lines:
        for _ in range(60):
            sync.people()
            spy.clock.tick(minutes=1)

    assert chat.asked["U0GONE"] <= 6
    assert [it["event"] for it in lines] == ["a profile can't be read"]


def test_an_address_that_cannot_be_looked_up_is_asked_about_now_and_then_and_logged_once(spy: SpyKit):
    chat = Counting(TROUBLES[0])
    sync = syncing(spy, chat=chat)

    with capture_logs() as lines:
        for _ in range(9):
            sync.shifts()
            spy.clock.tick(minutes=1)

    assert set(chat.asked.values()) == {1}
    assert len([it for it in lines if "e-mail" in it["event"]]) == len(chat.asked)
