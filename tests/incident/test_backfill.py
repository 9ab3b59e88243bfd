"""What was said in a channel where Spy was not asked becomes the timeline of an incident."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from bot.commands.request import Request, Response, Source
from bot.domain.effects import Effect, Notify
from bot.domain.incident.effects import Backfill
from bot.domain.incident.timeline import Entry
from bot.ports import OutboxItem, Profile, Rejected, Throttled
from bot.services.incident import backfills
from bot.services.people import People
from bot.testing import SpyKit
from bot.workers.deliver.handler import Clients, Handlers
from tests.fakes.chat import FakeChat
from tests.support.outbox import deliver_claimed

LEASE = timedelta(seconds=30)
PLACE = "C0PAY"
DATE = re.compile(r"<!date[^|]*\|([^>]*)>")
LATER = timedelta(minutes=1)


class Talk:
    """A channel in which people talked while Spy was not asked, and the outbox that reads it."""

    def __init__(self, spy: SpyKit) -> None:
        self.spy = spy
        self.chat = FakeChat()
        self.chat.has_channel(PLACE, "payments")
        self._handlers = Handlers(Clients(templates=spy.templates, chat=self.chat))

    def at(self, clock: str) -> datetime:
        hour, minute = map(int, clock.split(":"))
        return self.spy.clock.now().astimezone(UTC).replace(hour=hour, minute=minute, second=0, microsecond=0)

    def said(self, at: str, person: str, text: str) -> str:
        return self.chat.person_says(PLACE, person, text, at=self.at(at))

    def asks(self, text: str = "incident backfill 1", *, is_private: bool = False, **more: str) -> Response:
        facts = {"id": f"ask-{text}-{len(self.spy.effects)}", "user": "U0ANA", "channel": PLACE, **more}
        return self.spy.request(
            Request(text=text, source=Source.SLASH, is_private=is_private, **facts)  # type: ignore[arg-type]
        )

    def deliver(self, *, dies_after: Callable[[Backfill], bool] = lambda _: False) -> None:
        """Deliver what is queued, page after page. The process may die between a call and its record."""
        while items := self._claimed():
            for item in items:
                is_ours = isinstance(item.effect, Backfill | Notify)
                if is_ours and not self._deliver(item, dies_after):
                    continue
                with self.spy.sessions.begin() as session:
                    session.outbox.done(item.id, at=self.spy.clock.now())

    def _claimed(self) -> list[OutboxItem]:
        with self.spy.sessions.begin() as session:
            return list(session.outbox.claim("talk", now=self.spy.clock.now(), lease=LEASE, limit=50))

    def _deliver(self, item: OutboxItem, dies_after: Callable[[Backfill], bool]) -> bool:
        def dies(effect: Effect) -> bool:
            return isinstance(effect, Backfill) and dies_after(effect)

        try:
            return deliver_claimed(self.spy, self._handlers, item, dies_after=dies)
        except Throttled as wait:
            with self.spy.sessions.begin() as session:
                due = self.spy.clock.now() + wait.retry_after
                session.outbox.put_back(item.id, "talk", due=due, tried=False, uncertain=False, why="limit")
            return False

    @property
    def lines(self) -> list[tuple[str, str]]:
        return [(f"{it.occurred_at:%H:%M}", it.text) for it in self.notes]

    @property
    def notes(self) -> list[Entry]:
        notes = [it for it in self.spy.timeline(1) if it.kind == "note_taken"]
        return sorted(notes, key=lambda it: it.occurred_at)

    def heard(self, where: str = PLACE) -> list[str]:
        texts = [it.message.text for it in self.chat.posts if it.to == where and not it.person]
        return [DATE.sub(r"\1", text) for text in texts]


@pytest.fixture
def talk(spy: SpyKit) -> Talk:
    talk = Talk(spy)
    spy.clock.reach(spy.clock.now().replace(hour=13, minute=0) + timedelta(days=1))
    spy.say('incident was "checkout was down" sev1 from 10:05 to 11:40', channel=PLACE)
    talk.deliver()
    talk.chat.posts.clear()
    return talk


def said(answer: Response) -> str:
    assert answer.message
    return answer.message.text


def test_what_was_said_in_its_time_becomes_its_timeline(talk: Talk):
    talk.said("09:00", "U0ANA", "good morning")
    talk.said("10:05", "U0ANA", "is checkout slow? <https://a.example|graph>")
    talk.chat.person_says(PLACE, "U0RAJ", "mended &amp; done", at=talk.at("11:40") + timedelta(seconds=40))
    talk.said("12:30", "U0RAJ", "lunch")

    answer = talk.asks()
    talk.deliver()

    assert "10:05" in said(answer)
    assert talk.lines == [
        ("10:05", "is checkout slow? graph (https://a.example)"),
        ("11:40", "mended & done"),
    ]
    assert [it.actor for it in talk.notes] == ["U0ANA", "U0RAJ"]
    assert all(it.permalink for it in talk.notes)
    assert [it.split(" now.")[0] for it in talk.heard()] == [
        "2 messages of <#C0PAY>, from 10:05 UTC to 11:40 UTC, are on the timeline of INC-1"
    ]


def test_nothing_is_read_before_the_answer(talk: Talk):
    talk.asks()

    assert "history" not in talk.chat.calls


def test_other_times_can_be_given(talk: Talk):
    talk.said("09:50", "U0RAJ", "alerts ring")
    talk.said("10:20", "U0RAJ", "rolled back")

    talk.asks("incident backfill 1 from 9:45 to 10:00")
    talk.deliver()

    assert talk.lines == [("09:50", "alerts ring")]


@pytest.mark.parametrize("times", ["9:45 10:00", "9:45-10:00", "from 9:45 to 10:00"])
def test_times_alone_are_enough(talk: Talk, times: str):
    talk.said("09:50", "U0RAJ", "alerts came")

    talk.asks(f"incident backfill 1 {times}")
    talk.deliver()

    assert talk.lines == [("09:50", "alerts came")]


def test_asked_again_it_adds_nothing_twice(talk: Talk):
    talk.said("10:10", "U0ANA", "one")
    talk.asks()
    talk.deliver()
    talk.said("10:20", "U0ANA", "two")

    talk.asks()
    talk.asks()
    talk.deliver()

    assert talk.lines == [("10:10", "one"), ("10:20", "two")]
    assert talk.heard()[-1].startswith("Nothing was added to the timeline of INC-1")


def test_a_hidden_line_does_not_come_back(talk: Talk):
    talk.said("10:10", "U0ANA", "the password is hunter2")
    talk.asks()
    talk.deliver()
    talk.spy.say(f"incident 1 timeline hide {talk.notes[0].seq}")

    talk.asks()
    talk.deliver()

    assert [it.visibility for it in talk.notes] == ["hidden"]


def test_a_long_channel_is_read_page_by_page_within_slacks_limits(talk: Talk):
    talk.chat.page = 15
    for minute in range(40):
        talk.said(f"10:{minute + 10}", "U0ANA", f"message {minute}")
    talk.chat.fail("history", Throttled("limit", retry_after=LATER))

    talk.asks()
    talk.deliver()
    before = talk.lines
    talk.spy.clock.tick(minutes=2)
    talk.deliver()

    assert before == []
    assert [text for _, text in talk.lines] == [f"message {it}" for it in range(40)]
    assert len(talk.heard()) == 1
    assert talk.heard()[0].startswith("40 messages")


def test_a_crash_between_two_pages_adds_nothing_twice(talk: Talk):
    talk.chat.page = 15
    for minute in range(40):
        talk.said(f"10:{minute + 10}", "U0ANA", f"message {minute}")
    deaths = iter([False, True])

    talk.asks()
    talk.deliver(dies_after=lambda _: next(deaths, False))
    talk.spy.clock.tick(minutes=2)
    talk.deliver()

    assert [text for _, text in talk.lines] == [f"message {it}" for it in range(40)]
    assert len(talk.heard()) == 1


def test_a_very_long_channel_is_read_up_to_a_bound_and_says_so(talk: Talk):
    talk.chat.page = 500
    for number in range(backfills.MOST + 10):
        talk.said(f"10:{10 + number // 100}", "U0ANA", f"message {number}")

    talk.asks()
    talk.deliver()

    assert len(talk.lines) == backfills.MOST
    assert "There are more than Spy reads at once." in talk.heard()[-1]
    assert "before 10:10 UTC" in talk.heard()[-1]


def replies(talk: Talk, root: str, *times: str) -> None:
    for at in times:
        talk.chat.person_says(PLACE, "U0RAJ", f"reply of {at}", thread=root, at=talk.at(at))


def test_replies_in_threads_are_lines_too(talk: Talk):
    root = talk.said("10:10", "U0ANA", "one")
    talk.said("10:30", "U0ANA", "two")
    replies(talk, root, "10:20", "11:00", "12:30")

    talk.asks()
    talk.deliver()
    talk.asks()
    talk.deliver()

    assert talk.lines == [
        ("10:10", "one"),
        ("10:20", "reply of 10:20"),
        ("10:30", "two"),
        ("11:00", "reply of 11:00"),
    ]
    assert all(f"thread_ts={root}" in str(it.permalink) for it in talk.notes if "reply" in it.text)
    assert "4 messages of <#C0PAY>, from 10:10 UTC to 11:00 UTC" in talk.heard()[0]
    assert "not read" not in talk.heard()[0]


def test_threads_of_several_pages_are_read_page_by_page_across_a_crash(talk: Talk):
    talk.chat.page = 3
    roots = [talk.said(f"10:{10 + n}", "U0ANA", f"root {n}") for n in range(5)]
    for root in roots[::2]:
        replies(talk, root, *(f"11:{10 + n}" for n in range(7)))
    talk.chat.fail("replies", Throttled("limit", retry_after=LATER))
    deaths = iter([False, False, True, False, True])

    talk.asks()
    for _ in range(4):
        talk.deliver(dies_after=lambda _: next(deaths, False))
        talk.spy.clock.tick(minutes=2)

    assert len(talk.lines) == 5 + 3 * 7
    assert len(set(talk.lines)) == 5 + 7
    assert len(talk.heard()) == 1
    assert talk.heard()[0].startswith("26 messages")


def test_a_thread_that_is_gone_is_counted_and_the_others_are_read(talk: Talk):
    for at in ("10:10", "10:20"):
        replies(talk, talk.said(at, "U0ANA", f"root of {at}"), "11:00")
    talk.chat.fail("replies", Rejected("thread_not_found", "That thread is gone"))

    talk.asks()
    talk.deliver()

    assert len(talk.lines) == 3
    assert "The replies in 1 thread were not read." in talk.heard()[0]


def test_very_many_threads_are_read_up_to_a_bound_and_it_says_so(talk: Talk):
    for number in range(backfills.MOST_THREADS + 2):
        replies(talk, talk.said(f"10:{10 + number // 60}", "U0ANA", f"root {number}"), "11:00")

    talk.asks()
    talk.deliver()

    assert talk.chat.calls.count("replies") == backfills.MOST_THREADS
    assert "The replies in 2 threads were not read." in talk.heard()[0]


def test_who_asked_hears_alone_why_it_could_not_be_read(talk: Talk):
    talk.chat.fail("history", Rejected("missing_scope", "Spy may not read there"))

    talk.asks()
    talk.deliver()

    assert talk.heard() == []
    assert "could not be read for INC-1: Spy may not read there" in talk.heard("U0ANA")[0]


def test_spy_joins_a_public_channel_to_read_it(talk: Talk):
    talk.said("10:10", "U0ANA", "one")
    talk.chat.channels[PLACE].joined = False

    talk.asks()
    talk.deliver()

    assert talk.lines == [("10:10", "one")]


def test_messages_of_a_private_channel_do_not_go_into_a_public_incident(talk: Talk):
    answer = talk.asks(is_private=True)

    assert answer.is_refusal
    assert "This channel is private, and everyone can read INC-1." in said(answer)
    assert not talk.spy.asked(Backfill)


def test_a_private_channel_fills_the_incident_that_lives_in_it(talk: Talk):
    talk.spy.create_channel(1, channel=PLACE)
    talk.said("10:10", "U0ANA", "one")

    talk.asks("incident backfill", is_private=True)
    talk.deliver()

    assert talk.lines == [("10:10", "one")]


def test_a_private_incident_is_not_named_in_a_public_channel(spy: SpyKit):
    talk = Talk(spy)
    spy.say('incident me "keys leaked" sev1 private')
    spy.clock.tick(minutes=5)
    talk.chat.person_says(PLACE, "U0RAJ", "odd logins", at=spy.clock.now())
    spy.clock.tick(minutes=5)

    answer = talk.asks()
    talk.deliver()

    assert not answer.shared
    assert [text for _, text in talk.lines] == ["odd logins"]
    assert talk.heard() == []
    assert talk.heard("U0ANA")[-1].startswith("1 message of <#C0PAY>")


def test_a_private_incident_is_nothing_to_others(spy: SpyKit):
    talk = Talk(spy)
    spy.say('incident me "keys leaked" sev1 private')
    spy.clock.tick(minutes=5)

    answer = talk.asks(user="U0RAJ")

    assert answer.is_refusal
    assert not spy.asked(Backfill)


@pytest.mark.parametrize("where", ["D0ANA", None])
def test_without_a_channel_there_is_nothing_to_read(talk: Talk, where: str | None):
    answer = talk.spy.say("incident backfill 1", channel=where)

    assert answer.is_refusal
    assert "Spy reads the channel in which you ask." in said(answer)


def test_an_end_before_the_beginning_is_refused(talk: Talk):
    answer = talk.asks("incident backfill 1 from 11:00 to 10:30")

    assert answer.is_refusal
    assert "It can't end at 10:30 UTC" in said(answer)


def test_a_guest_does_not_fill_a_timeline(talk: Talk):
    with talk.spy.tx() as tx:
        People(tx).met("U0ZOE", Profile(name="zoe", is_guest=True))

    answer = talk.asks(user="U0ZOE")

    assert answer.is_refusal
    assert not talk.spy.asked(Backfill)


def test_of_a_merged_incident_the_other_one_is_filled(talk: Talk):
    talk.spy.say('incident me "cart hangs" sev3')
    talk.spy.say('incident me "checkout hangs" sev3')
    talk.spy.say("incident 3 merge 2")

    answer = talk.asks("incident backfill 3")

    assert "INC-3 goes on as INC-2. Try `incident backfill 2`." in said(answer)


def test_elsewhere_it_reads_the_incidents_own_channel(talk: Talk):
    talk.spy.create_channel(1, channel=PLACE)
    talk.said("10:10", "U0ANA", "one")

    talk.spy.say("incident backfill 1", channel="D0ANA")
    talk.deliver()

    assert talk.lines == [("10:10", "one")]
