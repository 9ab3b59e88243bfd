"""What a session keeps to, on both databases."""

import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import MetaData, select, text
from sqlalchemy.exc import DBAPIError

from bot.adapters.database import Database
from bot.domain.effects import Effect, Post, UpsertMessage
from bot.domain.incident.effects import AddBookmark, Invite
from bot.domain.incident.events import ChannelOpened, Declared, Resolved
from bot.domain.incident.incident import Incident
from bot.domain.incident.name import bare_name
from bot.domain.incident.search import ALL, OVER, Search
from bot.domain.incident.state import ClosedChannel, Link, Phase
from bot.domain.incident.team_notice import TeamNotice
from bot.domain.incident.timeline import Entry
from bot.domain.limits import PageCounts
from bot.domain.message import Message
from bot.domain.paging.effects import SendPage
from bot.domain.paging.page import Page, PageState
from bot.domain.subject import IncidentChannel
from bot.domain.trouble import Trouble
from bot.ports import (
    OnCallCopy,
    OnCallShift,
    OutboxItem,
    Person,
    Posted,
    ReadsOnly,
    Session,
    Sessions,
    StuckLanes,
    Unavailable,
)

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LEASE = timedelta(seconds=30)


def declared(number: int = 42, *, by: str = "U0ANA", at: datetime = NOON) -> Incident:
    return Incident.declared(number, Declared(at=at, by=by, name="checkout is down", severity="sev1"))


def paged(number: int = 17, *, key: str = "spy-1", incident: int | None = 42) -> Page:
    return Page(
        number=number, key=key, message="x", requested_by="U0ANA", requested_at=NOON, incident=incident
    )


def noted(seq: int, *, incident: int = 42) -> Entry:
    return Entry(
        incident=incident,
        seq=seq,
        kind="note_taken",
        occurred_at=NOON,
        recorded_at=NOON,
        actor="U0ANA",
        source="slash",
        text="look",
        data={"note": "look", "message": None},
    )


def post(key: str, *, to: str = "C0PAY") -> Post:
    return Post(key=key, to=to, message=Message(text=key))


def card(key: str) -> UpsertMessage:
    return UpsertMessage(key=key, message_type="card", ref=42, to=IncidentChannel(42))


def keys(items: list[OutboxItem]) -> list[str]:
    return [item.effect.key for item in items]


def claimed(
    sessions: Sessions, *, now: datetime = NOON, owner: str = "one", limit: int = 10
) -> list[OutboxItem]:
    with sessions.begin() as session:
        return list(session.outbox.claim(owner, now=now, lease=LEASE, limit=limit))


def queue(sessions: Sessions, *effects: Effect, now: datetime = NOON) -> None:
    with sessions.begin() as session:
        session.outbox.add(effects, now=now)


def wait(sessions: Sessions) -> dict[str, int]:
    with sessions.begin() as session:
        return dict(session.outbox.waiting())


# --- the transaction --------------------------------------------------------------------------------------


def write_everything(session: Session) -> None:
    session.incidents.put(declared())
    session.timeline.append(noted(1))
    session.pages.put(paged())
    session.people.put(Person(id="U0ANA", name="Ana"))
    session.messages.put("card:42", Posted(channel="C0ROOM", ts="1.0"))
    session.outbox.add([post("hello")], now=NOON)
    session.inbound.remember("Ev1", at=NOON)


def test_what_ends_well_is_kept(sessions: Sessions) -> None:
    with sessions.begin() as session:
        write_everything(session)

    with sessions.begin() as session:
        assert session.incidents.get(42) == declared()
        assert session.timeline.of(42) == [noted(1)]
        assert session.pages.get(17) == paged()
        assert session.people.get("U0ANA") == Person(id="U0ANA", name="Ana")
        assert session.messages.get("card:42") == Posted(channel="C0ROOM", ts="1.0")
        assert session.outbox.waiting() == {"ready": 1}
        assert session.inbound.remember("Ev1", at=NOON) == ""


def test_what_raises_was_never_there(sessions: Sessions) -> None:
    with suppress(KeyError), sessions.begin() as session:
        write_everything(session)
        raise KeyError

    with sessions.begin() as session:
        assert session.incidents.get(42) is None
        assert session.timeline.of(42) == []
        assert session.pages.get(17) is None
        assert session.people.get("U0ANA") is None
        assert session.messages.get("card:42") is None
        assert session.outbox.waiting() == {}
        assert session.inbound.remember("Ev1", at=NOON) is None


def test_what_was_put_can_be_asked_for_at_once(sessions: Sessions) -> None:
    with sessions.begin() as session:
        session.incidents.put(replace(declared(), channel="C0ROOM"))
        session.timeline.append(noted(1))
        session.pages.put(paged())

        assert session.incidents.in_channel("C0ROOM") is not None
        assert session.timeline.of(42) == [noted(1)]
        assert session.pages.by_key("spy-1") == paged()


def test_numbers_count_up_whoever_asks(sessions: Sessions) -> None:
    taken: list[int] = []

    def reserve() -> None:
        with sessions.begin() as session:
            taken.append(session.incidents.reserve())

    threads = [Thread(target=reserve) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(taken) == list(range(min(taken), min(taken) + 8))


def test_alone_may_be_asked_for_in_every_work(sessions: Sessions) -> None:
    for _ in range(2):
        with sessions.begin() as session:
            session.lock("declare")


def test_a_job_is_held_by_one_until_its_lease_ends(sessions: Sessions) -> None:
    def holds(owner: str, after: timedelta) -> bool:
        with sessions.begin() as session:
            return session.holds("oncall", owner, now=NOON + after, lease=MINUTE)

    assert holds("one", timedelta())
    assert not holds("two", timedelta())
    assert holds("one", MINUTE / 2)
    assert not holds("two", MINUTE)
    assert holds("two", 2 * MINUTE)


# --- read-only transactions -----------------------------------------------------------------------------------


def test_a_reader_sees_one_moment_while_a_writer_is_at_work(sessions: Sessions) -> None:
    with sessions.begin() as session:
        session.incidents.put(declared())

    with sessions.begin() as writer, sessions.read() as reader:
        writer.incidents.put(replace(declared(), impact="half of EU"))
        writer.timeline.of(42)  # what was put is written now
        reader.lock("declare")
        found = reader.incidents.get(42)

    assert found == declared()


WRITES: dict[str, Callable[[Session], object]] = {
    "put": lambda session: session.incidents.put(declared()),
    "reserve": lambda session: session.incidents.reserve(),
    "outbox": lambda session: session.outbox.add([post("hello")], now=NOON),
    "lease": lambda session: session.holds("oncall", "one", now=NOON, lease=MINUTE),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_what_is_written_in_a_read_only_transaction_raises(
    sessions: Sessions, write: Callable[[Session], object]
) -> None:
    with pytest.raises((ReadsOnly, Unavailable)), sessions.read() as session:
        write(session)

    with sessions.read() as session:
        assert session.incidents.get(42) is None


def test_after_a_read_the_same_connection_writes(sessions: Sessions) -> None:
    for number in (1, 2, 3):
        with sessions.read() as session:
            assert session.incidents.get(number) is None
        with sessions.begin() as session:
            session.incidents.put(declared(number))


# --- records ----------------------------------------------------------------------------------------------


def test_an_incident_comes_back_as_it_was(sessions: Sessions) -> None:
    full = replace(
        declared(),
        channel="C0ROOM",
        phase=Phase.FALSE_ALARM,
        roles={"scribe": "U0RAJ"},
        members=("U0ANA", "U0RAJ"),
        links=(Link(url="https://example.com", title="graph"),),
        impact_since=NOON - MINUTE,
        resolved_at=NOON + MINUTE,
        entries=3,
    )
    with sessions.begin() as session:
        session.incidents.put(full)

    with sessions.begin() as session:
        assert session.incidents.get(42) == full


def test_open_incidents_come_newest_first(sessions: Sessions) -> None:
    with sessions.begin() as session:
        for number in (1, 2, 3, 4):
            session.incidents.put(declared(number))
        session.incidents.put(declared(3).after(Resolved(at=NOON, by="U0ANA")))

    with sessions.begin() as session:
        assert [it.number for it in session.incidents.open(limit=2)] == [4, 2]


def test_incidents_are_found_by_channel_and_open_ones_by_name(sessions: Sessions) -> None:
    with sessions.begin() as session:
        session.incidents.put(
            declared(1).after(ChannelOpened(at=NOON, channel="C0ONE", channel_name="inc-1"))
        )
        session.incidents.put(declared(2).after(Resolved(at=NOON, by="U0ANA")))
        session.incidents.put(declared(3))
        session.incidents.put(replace(declared(4), name="Something else"))

    with sessions.begin() as session:
        found = session.incidents.in_channel("C0ONE")
        assert found
        assert found.number == 1
        assert session.incidents.in_channel("C0TWO") is None
        session.incidents.put(replace(declared(5), name="SOMETHING else! sev1"))
        assert [it.number for it in session.incidents.open_named(["something else", "nothing"])] == [4, 5]
        assert [it.number for it in session.incidents.open_named([bare_name(declared(1).name)])] == [1, 3]


def test_an_open_incident_of_an_older_spy_which_stored_no_bare_name_is_found_by_name(sessions: Database):
    with sessions.begin() as session:
        session.incidents.put(replace(declared(1), name="Something else"))
        session.incidents.put(declared(2))
    with sessions.engine.begin() as connection:
        connection.execute(text("UPDATE incident SET bare_name = ''"))

    with sessions.begin() as session:
        assert [it.number for it in session.incidents.open_named(["something else"])] == [1]


SECRET = {"private": True, "members": ("U0ANA",)}
SEARCHES = [
    (Search(seen_by="U0ANA"), [6, 5, 4, 1]),
    (Search(seen_by="U0RAJ"), [4, 1]),
    (Search(seen_by="U0KIM"), [5, 4, 1]),
    (Search(seen_by="U0ANA", private=True), [6, 5]),
    (Search(seen_by="U0ANA", only_members=True), [6, 5, 4, 1]),
    (Search(seen_by="U0RAJ", only_members=True), []),
    (Search(seen_by="U0KIM", only_members=True), [5]),
    (Search(seen_by="U0ANA", phases=OVER), [3, 2]),
    (Search(seen_by="U0ANA", phases=ALL), [6, 5, 4, 3, 2, 1]),
    (Search(seen_by="U0ANA", phases=ALL, team="payments"), [4, 1]),
    (Search(seen_by="U0ANA", phases=ALL, severity="sev4"), [4]),
    (Search(seen_by="U0ANA", phases=ALL, since=NOON), [3, 1]),
    (Search(seen_by="U0ANA", phases=ALL, words=("CART", "50%")), [2]),
    (Search(seen_by="U0ANA", phases=ALL, words=("5_%",)), []),
]


@pytest.mark.parametrize(("wanted", "numbers"), SEARCHES)
def test_incidents_are_searched_for_those_who_may_see_them(
    sessions: Sessions, wanted: Search, numbers: list[int]
) -> None:
    early = NOON - 60 * MINUTE
    with sessions.begin() as session:
        session.incidents.put(replace(declared(1), told=("payments",)))
        session.incidents.put(
            declared(2, at=early).after(Resolved(at=NOON - MINUTE, by="U0ANA", how="cart at 50%"))
        )
        session.incidents.put(declared(3, at=early).after(Resolved(at=NOON, by="U0ANA")))
        session.incidents.put(replace(declared(4, at=early), severity="sev4"))
        session.incidents.put(replace(declared(5, at=early), **SECRET, command_offered_to="U0KIM"))
        session.incidents.put(replace(declared(6, at=early), **SECRET))
        session.pages.put(replace(paged(1, incident=4), team="payments"))

    with sessions.begin() as session:
        assert [it.number for it in session.incidents.search(wanted, limit=10)] == numbers
        assert session.incidents.count(wanted) == len(numbers)
        assert [it.number for it in session.incidents.search(wanted, skip=1, limit=2)] == numbers[1:3]


def test_case_matters_in_no_alphabet(sessions: Sessions) -> None:
    with sessions.begin() as session:
        session.incidents.put(replace(declared(1), cause="ÜBERLAST in Köln"))
        session.people.put(Person(id="U0ELODIE", name="Élodie Roy"))

    with sessions.read() as session:
        assert session.incidents.count(Search(seen_by="U0ANA", words=("überlast", "KÖLN"))) == 1
        assert session.people.named("élodie") is not None


def test_a_timeline_is_in_order_and_its_own(sessions: Sessions) -> None:
    with sessions.begin() as session:
        for entry in (
            noted(1),
            noted(1, incident=43),
            replace(noted(2), supersedes=1, permalink="https://x"),
        ):
            session.timeline.append(entry)
        session.timeline.set_permalink(42, 1, "https://example.com/1")

    with sessions.begin() as session:
        mine = session.timeline.of(42)
        assert [(it.seq, it.permalink) for it in mine] == [(1, "https://example.com/1"), (2, "https://x")]
        assert mine[1].supersedes == 1
        assert session.timeline.of(43)[0].permalink is None


def test_what_an_entry_holds_comes_back_as_json_would_have_it(sessions: Sessions) -> None:
    with sessions.begin() as session:
        session.timeline.append(replace(noted(1), data={"since": NOON, "fallback": ("Kim", "Raj")}))

    with sessions.begin() as session:
        data = session.timeline.of(42)[0].data
        assert data == {"since": "2026-11-23T12:00:00Z", "fallback": ["Kim", "Raj"]}


def test_what_one_person_asked_for_lately_is_counted(sessions: Sessions) -> None:
    with sessions.begin() as session:
        session.incidents.put(declared(1))
        session.incidents.put(declared(2, at=NOON - 10 * MINUTE))
        session.incidents.put(declared(3, by="U0RAJ"))
        session.pages.put(replace(paged(1), team="payments"))
        session.pages.put(replace(paged(2, key="spy-2"), team="payments", folded_into=1))
        session.pages.put(replace(paged(3, key="spy-3"), team="payments", requested_by="U0RAJ"))
        session.pages.put(replace(paged(4, key="spy-4"), person="U0KIM"))
        session.pages.put(replace(paged(5, key="spy-5"), requested_at=NOON - 10 * MINUTE))
        session.pages.put(replace(paged(6, key="spy-6"), team="payments", requested_by="U0ZOE", is_own=True))

    since = NOON - 5 * MINUTE
    with sessions.begin() as session:
        assert session.incidents.count_opened("U0ANA", since=since) == 1
        assert session.pages.counts("U0ANA", "payments", since=since) == PageCounts(by_person=3, to_team=2)
        assert session.pages.counts("U0RAJ", None, since=since) == PageCounts(by_person=1, to_team=0)
        assert session.pages.counts("U0RAJ", None, since=NOON + MINUTE) == PageCounts(by_person=0, to_team=0)


def test_pages_that_nobody_answered_are_found_by_team_and_those_that_joined_by_page(
    sessions: Sessions,
) -> None:
    ringing = replace(paged(1), team="payments", state=PageState.SENT)
    joined = replace(paged(2, key="spy-2"), team="payments", state=PageState.FOLDED, folded_into=1)
    person = replace(paged(3, key="spy-3"), person="U0KIM")
    over = replace(paged(4, key="spy-4"), team="payments", state=PageState.ACKNOWLEDGED)
    with sessions.begin() as session:
        for page in (ringing, joined, person, over):
            session.pages.put(page)

    with sessions.begin() as session:
        assert session.pages.unanswered("payments", since=NOON) == [ringing]
        assert session.pages.unanswered(None, since=NOON) == [person]
        assert session.pages.unanswered("payments", since=NOON + MINUTE) == []
        assert session.pages.folded_into(1) == [joined]


def test_pages_are_found_by_key_by_pagerduty_and_by_incident(sessions: Sessions) -> None:
    sent = replace(paged(), state=PageState.SENT, pager_id="PD1", fallback=("Kim +1",), sent_at=NOON)
    with sessions.begin() as session:
        session.pages.put(paged(18, key="spy-2"))
        session.pages.put(sent)
        session.pages.put(paged(19, key="spy-3", incident=None))

    with sessions.begin() as session:
        assert session.pages.by_key("spy-1") == sent
        assert session.pages.by_pager_id("PD1") == sent
        assert session.pages.by_pager_id("PD2") is None
        assert [it.number for it in session.pages.of(42)] == [17, 18]
        assert [it.number for it in session.pages.ringing()] == [17]


def test_a_tell_comes_back_as_it_was(sessions: Sessions) -> None:
    notice = TeamNotice(
        number=5,
        incident=42,
        team="payments",
        channel="C0PAY",
        message="x",
        by="U0ANA",
        at=NOON,
        seen_by=("U0KIM", "U0RAJ"),
    )
    with sessions.begin() as session:
        session.team_notices.put(notice)

    with sessions.begin() as session:
        assert session.team_notices.get(5) == notice
        assert session.team_notices.get(6) is None


def test_people_are_found_by_a_name_that_only_one_has(sessions: Sessions) -> None:
    with sessions.begin() as session:
        for ident, name in (("U1", "Ana Lima"), ("U2", "Raj Patel"), ("U3", "Raj Rao"), ("U4", "50%_ Bob")):
            session.people.put(Person(id=ident, name=name))

    with sessions.begin() as session:
        found = {
            said: session.people.named(said) for said in ("ana", "ANA LIMA", "an", "raj", "raj rao", "5_%")
        }
        assert {said: it and it.id for said, it in found.items()} == {
            "ana": "U1",
            "ANA LIMA": "U1",
            "an": None,
            "raj": None,
            "raj rao": "U3",
            "5_%": None,
        }


def test_a_name_is_that_of_whoever_is_here_before_it_is_that_of_who_has_left(sessions: Sessions) -> None:
    with sessions.begin() as session:
        for ident in ("U1", "U2", "U4"):
            session.people.put(Person(id=ident, name="Raj Rao", is_deactivated=True))
        session.people.put(Person(id="U3", name="Raj Patel"))

    with sessions.begin() as session:
        found = {said: session.people.named(said) for said in ("raj", "raj rao")}
        assert {said: it and it.id for said, it in found.items()} == {"raj": "U3", "raj rao": None}


def test_people_not_asked_for_lately_are_found_those_never_asked_for_first(sessions: Sessions) -> None:
    with sessions.begin() as session:
        session.people.put(Person(id="U1", name="Old", profiled_at=NOON - MINUTE))
        session.people.put(Person(id="U2", name="New", profiled_at=NOON + MINUTE))
        session.people.put(Person(id="U3", name="Never"))

    with sessions.begin() as session:
        assert [it.id for it in session.people.unprofiled(before=NOON, limit=5)] == ["U3", "U1"]


def test_the_copy_of_the_duties_is_replaced_whole(sessions: Sessions) -> None:
    ana = OnCallShift(policy="PPOL1", level=1, name="Ana Lima", phone="+351 1", end=NOON)
    with sessions.begin() as session:
        assert session.on_calls.copy() == OnCallCopy()
        session.on_calls.replace(OnCallCopy(on_calls=(ana, ana), synced_at=NOON))
    with sessions.begin() as session:
        session.on_calls.replace(OnCallCopy(on_calls=(ana,), synced_at=NOON, trouble="PagerDuty is down"))

    with sessions.begin() as session:
        assert session.on_calls.copy() == OnCallCopy(
            on_calls=(ana,), synced_at=NOON, trouble="PagerDuty is down"
        )


def test_a_message_may_move(sessions: Sessions) -> None:
    with sessions.begin() as session:
        session.messages.put("card:42", Posted(channel="C0ROOM", ts="1.0"))
        session.messages.put("card:42", Posted(channel="C0ROOM", ts="2.0", permalink="https://x"))

    with sessions.begin() as session:
        assert session.messages.get("card:42") == Posted(channel="C0ROOM", ts="2.0", permalink="https://x")
        assert session.messages.get("card:43") is None


def test_messages_go_with_their_channel(sessions: Sessions) -> None:
    with sessions.begin() as session:
        session.messages.put("card:42", Posted(channel="C0ROOM", ts="1.0", permalink="https://x"))
        session.messages.put("card:43", Posted(channel="C0OTHER", ts="1.0"))
        session.messages.moved("C0ROOM", "C0NEW")

    with sessions.begin() as session:
        assert session.messages.get("card:42") == Posted(channel="C0NEW", ts="1.0")
        assert session.messages.get("card:43") == Posted(channel="C0OTHER", ts="1.0")


def test_trouble_and_a_closed_channel_are_kept_whole(sessions: Sessions) -> None:
    trouble = Trouble(key="channel:C1", why="is_archived", since=NOON, told=("U0KIM",), moved_to="C2")
    closed = replace(declared(42), channel_closed=ClosedChannel(how="archived", at=NOON, asked=("U0ANA",)))
    with sessions.begin() as session:
        session.troubles.put(trouble)
        session.troubles.put(replace(trouble, over_at=NOON + MINUTE))
        session.incidents.put(closed)

    with sessions.begin() as session:
        assert session.troubles.get("channel:C1") == replace(trouble, over_at=NOON + MINUTE)
        assert session.troubles.get("channel:C9") is None
        assert session.incidents.get(42) == closed


def test_a_request_is_new_once_and_keeps_its_answer(sessions: Sessions) -> None:
    with sessions.begin() as session:
        assert session.inbound.remember("Ev1", at=NOON) is None
        session.inbound.answered("Ev1", "{}")

    with sessions.begin() as session:
        assert session.inbound.remember("Ev1", at=NOON) == "{}"
        session.inbound.forget(before=NOON + MINUTE, limit=100)
        assert session.inbound.remember("Ev1", at=NOON) is None


# --- the outbox -------------------------------------------------------------------------------------------


def test_an_effect_comes_back_as_it_was(sessions: Sessions) -> None:
    queue(sessions, post("hello"))

    item = claimed(sessions)[0]

    assert item.effect == post("hello")
    assert (item.attempts, item.uncertain, item.queued_at) == (1, False, NOON)


def test_an_effect_is_queued_once_under_its_key(sessions: Sessions) -> None:
    queue(sessions, post("hello"), post("hello"))
    with sessions.begin() as session:
        session.outbox.done(claimed_in(session)[0].id, at=NOON)
    queue(sessions, post("hello"))

    assert wait(sessions) == {}


def claimed_in(session: Session) -> list[OutboxItem]:
    return list(session.outbox.claim("one", now=NOON, lease=LEASE, limit=10))


def test_of_one_slot_one_waits(sessions: Sessions) -> None:
    with sessions.begin() as session:
        session.incidents.put(replace(declared(), channel="C0ROOM"))
    queue(sessions, card("card:1"), card("card:2"))

    assert keys(claimed(sessions)) == ["card:1"]
    queue(sessions, card("card:3"))
    assert wait(sessions) == {"sending": 1, "ready": 1}


def test_a_lane_keeps_its_order_and_lanes_run_side_by_side(sessions: Sessions) -> None:
    queue(sessions, post("a1", to="C0A"), post("a2", to="C0A"), post("b1", to="C0B"))

    first = claimed(sessions)
    with sessions.begin() as session:
        session.outbox.done(first[0].id, at=NOON)
    then = claimed(sessions)

    assert (keys(first), keys(then)) == (["a1", "b1"], ["a2"])


def test_pages_jump_the_queue(sessions: Sessions) -> None:
    queue(
        sessions, post("slow"), Invite(key="i", incident=42, people=("U0ANA",)), SendPage(key="page", page=17)
    )

    assert keys(claimed(sessions, limit=1)) == ["page"]


def test_what_needs_a_channel_waits_for_it(sessions: Sessions) -> None:
    with sessions.begin() as session:
        session.incidents.put(declared())
        session.outbox.add([card("card"), post("elsewhere")], now=NOON)

    before = keys(claimed(sessions))
    with sessions.begin() as session:
        session.incidents.put(
            declared().after(ChannelOpened(at=NOON, channel="C0ROOM", channel_name="inc-42"))
        )
        session.outbox.release(42)
    after = keys(claimed(sessions))

    assert (before, after) == (["elsewhere"], ["card"])


def test_what_is_asked_of_a_channel_that_is_there_need_not_wait(sessions: Sessions) -> None:
    with sessions.begin() as session:
        session.incidents.put(replace(declared(), channel_refused="restricted_action"))
    queue(sessions, card("card"), AddBookmark(key="bookmark", incident=42, title="x"))

    assert keys(claimed(sessions)) == ["card", "bookmark"]


def test_a_lease_that_ran_out_leaves_the_outcome_unknown(sessions: Sessions) -> None:
    queue(sessions, post("hello"))
    claimed(sessions, owner="dies")

    assert claimed(sessions, now=NOON + LEASE) == []
    again = claimed(sessions, now=NOON + 2 * LEASE, owner="lives")[0]

    assert (again.attempts, again.uncertain) == (2, True)


def test_what_an_owner_has_under_way_it_does_not_take_again(sessions: Sessions) -> None:
    queue(sessions, post("one", to="C1"))
    at = claimed(sessions)[0].id

    with sessions.begin() as session:
        again = session.outbox.claim("one", now=NOON + 60 * MINUTE, lease=LEASE, limit=10, besides={at})

    assert again == []


def test_what_an_owner_lost_it_takes_again_when_the_lease_ran_out(sessions: Sessions) -> None:
    queue(sessions, post("one", to="C1"), post("two", to="C2"))
    [first, _second] = claimed(sessions)

    with sessions.begin() as session:
        again = session.outbox.claim("one", now=NOON + MINUTE, lease=LEASE, limit=10, besides={first.id})

    assert [(it.effect.key, it.uncertain) for it in again] == [("two", True)]


def test_an_effect_ends_once(sessions: Sessions) -> None:
    queue(sessions, post("hello"))
    item = claimed(sessions)[0].id

    with sessions.begin() as session:
        assert session.outbox.done(item, at=NOON)
    with sessions.begin() as session:
        assert not session.outbox.done(item, at=NOON)
        assert not session.outbox.give_up(item, "one", at=NOON, why="late")
        assert not session.outbox.put_back(item, "one", due=NOON, tried=True, uncertain=True, why="late")
        assert session.outbox.latest(limit=1)[0].state == "done"


def test_what_another_has_taken_over_is_not_put_back(sessions: Sessions) -> None:
    queue(sessions, post("hello"))
    item = claimed(sessions, owner="slow")[0].id
    claimed(sessions, owner="other", now=NOON + MINUTE)

    with sessions.begin() as session:
        is_back = session.outbox.put_back(item, "slow", due=NOON, tried=True, uncertain=True, why="500")

    assert not is_back
    assert wait(sessions) == {"sending": 1}


def test_what_another_has_taken_over_is_neither_given_up_nor_renewed(sessions: Sessions) -> None:
    queue(sessions, post("hello"))
    item = claimed(sessions, owner="slow")[0].id
    claimed(sessions, owner="other", now=NOON + MINUTE)

    with sessions.begin() as session:
        assert not session.outbox.give_up(item, "slow", at=NOON, why="channel_not_found")
        assert not session.outbox.renew(item, "slow", until=NOON + 60 * MINUTE)

    assert wait(sessions) == {"sending": 1}


def test_a_renewed_lease_lasts_longer(sessions: Sessions) -> None:
    queue(sessions, post("hello"))
    item = claimed(sessions, owner="slow")[0].id

    with sessions.begin() as session:
        assert session.outbox.renew(item, "slow", until=NOON + 3 * LEASE)

    assert claimed(sessions, now=NOON + 2 * LEASE, owner="other") == []
    assert [it.id for it in claimed(sessions, now=NOON + 4 * LEASE, owner="other")] == [item]


def test_a_lane_stands_still_when_its_first_is_due_or_under_way_for_longer_than_the_lease(
    sessions: Sessions,
) -> None:
    queue(sessions, post("a1", to="C0A"), post("a2", to="C0A"))
    claimed(sessions, owner="hangs")
    queue(sessions, post("b1", to="C0B"))

    def stuck_after(after: timedelta) -> list[tuple[str, datetime]]:
        with sessions.read() as session:
            found = session.outbox.stuck(now=NOON + after, lease=LEASE, limit=9)
        return [(it.effect.key, it.since) for it in found]

    assert stuck_after(LEASE) == []
    assert stuck_after(MINUTE) == [("a1", NOON + LEASE), ("b1", NOON)]
    with sessions.read() as session:
        counted = session.outbox.count_stuck(now=NOON + MINUTE, lease=LEASE)
    assert counted == {"Post": StuckLanes(count=2, since=NOON)}


def test_a_key_is_known_before_and_after_its_effect_is_done(sessions: Sessions) -> None:
    queue(sessions, post("hello"))
    with sessions.begin() as session:
        session.outbox.done(claimed_in(session)[0].id, at=NOON)

    with sessions.begin() as session:
        session.outbox.add([post("new")], now=NOON)
        assert [session.outbox.knows(key) for key in ("hello", "new", "other")] == [True, True, False]


FOREIGN = {
    "an unknown kind": "UPDATE outbox SET kind = 'SendPigeon'",
    "an unknown form": """UPDATE outbox SET payload = '{"key": "hello", "sky": "blue"}'""",
}


@pytest.mark.parametrize("change", FOREIGN.values(), ids=FOREIGN)
def test_an_effect_of_a_newer_spy_keeps_nobody_from_the_others(sessions: Database, change: str) -> None:
    queue(sessions, post("hello", to="C1"))
    with sessions.engine.begin() as connection:
        connection.exec_driver_sql(change)
    queue(sessions, post("mine", to="C2"))

    found = claimed(sessions)

    assert [type(it.effect).__name__ for it in found] == ["Unknown", "Post"]
    assert found[0].effect.key == "hello"


def test_an_effect_with_a_field_of_a_newer_spy_is_done(sessions: Database) -> None:
    queue(sessions, post("hello"))
    with sessions.engine.begin() as connection:
        connection.exec_driver_sql(
            'UPDATE outbox SET payload = replace(payload, \'{"key"\', \'{"sky": 1, "key"\')'
        )

    assert claimed(sessions)[0].effect == post("hello")


UNREADABLE = {
    "incident": ({"phase": "pondering"}, lambda session: session.incidents.open(limit=9)),
    "page": ({"state": "sung"}, lambda session: session.pages.since(NOON)),
}


def rewrite(sessions: Database, table: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Change the fields of record 1 in its row, as another version of Spy may have written them."""
    row = MetaData()
    row.reflect(sessions.engine, only=[table])
    c, update = row.tables[table].c, row.tables[table].update()
    with sessions.engine.begin() as connection:
        kept = connection.execute(select(c.kept).where(c.number == 1)).scalar_one()
        connection.execute(update.where(c.number == 1).values(kept=change(kept)))


@pytest.mark.parametrize("table", UNREADABLE)
def test_a_row_of_a_newer_spy_costs_no_list(sessions: Database, table: str) -> None:
    change, listed = UNREADABLE[table]
    with sessions.begin() as session:
        for number in (1, 2):
            session.incidents.put(declared(number))
            session.pages.put(paged(number, key=f"spy-{number}"))
    rewrite(sessions, table, lambda kept: {**kept, **change})

    with sessions.read() as session:
        assert len(listed(session)) == 1


def test_an_entry_of_a_newer_spy_costs_no_timeline(sessions: Database) -> None:
    with sessions.begin() as session:
        for seq in (1, 2):
            session.timeline.append(noted(seq))
    with sessions.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE timeline SET data = '[]' WHERE seq = 1")

    with sessions.read() as session:
        assert len(session.timeline.of(42)) == 1


def test_a_row_that_can_not_be_read_is_not_taken_for_absent(sessions: Database) -> None:
    with sessions.begin() as session:
        session.pages.put(paged(1, key="spy-1"))
    rewrite(sessions, "page", lambda kept: {**kept, "state": "sung"})

    with pytest.raises(ValueError, match="sung"), sessions.read() as session:
        session.pages.by_key("spy-1")


def test_a_record_with_a_field_of_a_newer_spy_is_read_without_it(sessions: Database) -> None:
    with sessions.begin() as session:
        session.incidents.put(declared(1))
    rewrite(sessions, "incident", lambda kept: {**kept, "sky": "blue"})

    with sessions.read() as session:
        assert session.incidents.get(1) == declared(1)


def test_a_field_that_an_older_spy_did_not_write_has_its_default(sessions: Database) -> None:
    with sessions.begin() as session:
        session.incidents.put(declared(1))
    rewrite(sessions, "incident", lambda kept: {it: kept[it] for it in kept if it not in {"steps", "impact"}})

    with sessions.read() as session:
        assert session.incidents.get(1) == declared(1)


def test_what_was_put_is_found_by_what_it_is_now(sessions: Sessions) -> None:
    with sessions.begin() as session:
        session.pages.put(paged(1, key="spy-1", incident=1))

    with sessions.begin() as session:
        session.pages.put(paged(1, key="spy-1", incident=2))
        session.pages.put(paged(2, key="spy-2", incident=2))
        assert [page.number for page in session.pages.of(1)] == []
        assert [page.number for page in session.pages.of(2)] == [1, 2]


def test_an_error_of_the_database_has_none_of_the_words_that_people_wrote(sessions: Database) -> None:
    with pytest.raises(DBAPIError) as broken, sessions.begin() as session:  # noqa: PT012  the commit raises
        for number in (1, 2):
            session.pages.put(replace(paged(number, key="spy-1"), message="the merger with acme"))

    assert "merger" not in "".join(traceback.format_exception(broken.value))


def test_what_is_put_back_comes_again_when_due(sessions: Sessions) -> None:
    queue(sessions, post("hello"))
    item = claimed(sessions)[0]
    with sessions.begin() as session:
        session.outbox.put_back(item.id, "one", due=NOON + MINUTE, tried=True, uncertain=True, why="reset")

    assert claimed(sessions) == []
    again = claimed(sessions, now=NOON + MINUTE)[0]

    assert (again.effect.key, again.attempts, again.uncertain) == ("hello", 2, True)


def test_what_was_not_tried_does_not_count(sessions: Sessions) -> None:
    queue(sessions, post("hello"))
    item = claimed(sessions)[0]
    with sessions.begin() as session:
        session.outbox.put_back(item.id, "one", due=NOON, tried=False, uncertain=False, why="429")

    assert claimed(sessions)[0].attempts == 1


def test_what_is_put_back_stands_for_a_newer_wish_of_its_slot(sessions: Sessions) -> None:
    with sessions.begin() as session:
        session.incidents.put(replace(declared(), channel="C0ROOM"))
    queue(sessions, card("card:1"))
    item = claimed(sessions)[0]
    queue(sessions, card("card:2"))
    with sessions.begin() as session:
        session.outbox.put_back(item.id, "one", due=NOON, tried=True, uncertain=False, why="500")

    assert keys(claimed(sessions)) == ["card:1"]
    assert wait(sessions) == {"sending": 1}


def test_what_is_given_up_frees_its_lane(sessions: Sessions) -> None:
    queue(sessions, post("bad"), post("good"))
    with sessions.begin() as session:
        session.outbox.give_up(claimed_in(session)[0].id, "one", at=NOON, why="channel_not_found")

    assert keys(claimed(sessions)) == ["good"]


def test_the_outbox_knows_when_it_is_next_due(sessions: Sessions) -> None:
    with sessions.begin() as session:
        assert session.outbox.next_due() is None
    queue(sessions, card("held"))
    queue(sessions, post("hello"), now=NOON + MINUTE)

    with sessions.begin() as session:
        assert session.outbox.next_due() == NOON + MINUTE
        assert session.outbox.waiting() == {"held": 1, "ready": 1}
    claimed(sessions, now=NOON + MINUTE)

    with sessions.begin() as session:
        assert session.outbox.next_due() == NOON + MINUTE + LEASE


def test_the_outbox_shows_first_what_waits_and_then_what_was_done(sessions: Sessions) -> None:
    queue(sessions, post("bad"), card("held"), post("good"))
    with sessions.begin() as session:
        session.outbox.give_up(claimed_in(session)[0].id, "one", at=NOON, why="channel_not_found")

    with sessions.begin() as session:
        shown = [(it.kind, it.state, it.attempts, it.why) for it in session.outbox.latest(limit=10)]
        assert shown == [
            ("Post", "ready", 0, None),
            ("UpsertMessage", "held", 0, None),
            ("Post", "failed", 1, "channel_not_found"),
        ]
        assert len(session.outbox.latest(limit=2)) == 2


def test_what_is_done_is_forgotten_in_time(sessions: Sessions) -> None:
    queue(sessions, post("done"), post("waits", to="C0OTHER"))
    with sessions.begin() as session:
        session.outbox.done(claimed_in(session)[0].id, at=NOON)
        session.outbox.forget(before=NOON + MINUTE, limit=100)
    queue(sessions, post("done"))

    assert wait(sessions) == {"sending": 1, "ready": 1}
