"""What every unit of work keeps to: the one in memory that tests use, and the database."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest

from bot.adapters.database import Database, open_engine
from bot.commands.memory import Memory
from bot.domain.effects import AddBookmark, Effect, Invite, Post, SendPage, Show
from bot.domain.events import Declared, Resolved, RoomOpened
from bot.domain.incident import Closed, Incident, Link, Phase
from bot.domain.message import Message
from bot.domain.page import Page, PageState
from bot.domain.search import ALL, OVER, Search
from bot.domain.tell import Tell
from bot.domain.timeline import Entry
from bot.domain.trouble import Trouble
from bot.ports import Duty, DutyCopy, Parcel, Person, Posted, UnitOfWork, Work

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LEASE = timedelta(seconds=30)


@contextmanager
def in_memory(_request: pytest.FixtureRequest) -> Iterator[UnitOfWork]:
    yield Memory()


@contextmanager
def in_sqlite(request: pytest.FixtureRequest) -> Iterator[UnitOfWork]:
    with database(request.getfixturevalue("sqlite_url")) as opened:
        yield opened


@contextmanager
def in_postgresql(request: pytest.FixtureRequest) -> Iterator[UnitOfWork]:
    url = request.getfixturevalue("postgresql_url")
    with database(url.replace("postgresql://", "postgresql+psycopg://")) as opened:
        yield opened


@contextmanager
def database(url: str) -> Iterator[Database]:
    engine = open_engine(url)
    yield Database(engine)
    engine.dispose()


FACTORIES: dict[str, Callable[[pytest.FixtureRequest], AbstractContextManager[UnitOfWork]]] = {
    "memory": in_memory,
    "sqlite": in_sqlite,
    "postgresql": in_postgresql,
}


@pytest.fixture
def database_units(database_url: str) -> Iterator[Database]:
    """The databases alone: what is in memory is of this process, and copied for who reads."""
    with database(database_url.replace("postgresql://", "postgresql+psycopg://")) as opened:
        yield opened


@pytest.fixture(params=FACTORIES)
def units(request: pytest.FixtureRequest) -> Iterator[UnitOfWork]:
    with FACTORIES[request.param](request) as opened:
        yield opened


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


def card(key: str) -> Show:
    return Show(key=key, surface="card", ref=42, to="room:42")


def keys(parcels: list[Parcel]) -> list[str]:
    return [parcel.effect.key for parcel in parcels]


def claimed(units: UnitOfWork, *, now: datetime = NOON, owner: str = "one", limit: int = 10) -> list[Parcel]:
    with units.begin() as work:
        return list(work.outbox.claim(owner, now=now, lease=LEASE, limit=limit))


def queue(units: UnitOfWork, *effects: Effect, now: datetime = NOON) -> None:
    with units.begin() as work:
        work.outbox.add(effects, now=now)


def wait(units: UnitOfWork) -> dict[str, int]:
    with units.begin() as work:
        return dict(work.outbox.waiting())


# --- the transaction --------------------------------------------------------------------------------------


def write_everything(work: Work) -> None:
    work.incidents.put(declared())
    work.timeline.append(noted(1))
    work.pages.put(paged())
    work.people.put(Person(id="U0ANA", name="Ana"))
    work.messages.put("card:42", Posted(channel="C0ROOM", ts="1.0"))
    work.outbox.add([post("hello")], now=NOON)
    work.inbound.remember("Ev1", at=NOON)


def test_what_ends_well_is_kept(units: UnitOfWork) -> None:
    with units.begin() as work:
        write_everything(work)

    with units.begin() as work:
        assert work.incidents.get(42) == declared()
        assert work.timeline.of(42) == [noted(1)]
        assert work.pages.get(17) == paged()
        assert work.people.get("U0ANA") == Person(id="U0ANA", name="Ana")
        assert work.messages.get("card:42") == Posted(channel="C0ROOM", ts="1.0")
        assert work.outbox.waiting() == {"ready": 1}
        assert work.inbound.remember("Ev1", at=NOON) == ""


def test_what_raises_was_never_there(units: UnitOfWork) -> None:
    with suppress(KeyError), units.begin() as work:
        write_everything(work)
        raise KeyError

    with units.begin() as work:
        assert work.incidents.get(42) is None
        assert work.timeline.of(42) == []
        assert work.pages.get(17) is None
        assert work.people.get("U0ANA") is None
        assert work.messages.get("card:42") is None
        assert work.outbox.waiting() == {}
        assert work.inbound.remember("Ev1", at=NOON) is None


def test_what_was_put_can_be_asked_for_at_once(units: UnitOfWork) -> None:
    with units.begin() as work:
        work.incidents.put(replace(declared(), room="C0ROOM"))
        work.timeline.append(noted(1))
        work.pages.put(paged())

        assert work.incidents.in_room("C0ROOM") is not None
        assert work.timeline.of(42) == [noted(1)]
        assert work.pages.by_key("spy-1") == paged()


def test_numbers_count_up_whoever_asks(units: UnitOfWork) -> None:
    taken: list[int] = []

    def reserve() -> None:
        with units.begin() as work:
            taken.append(work.incidents.reserve())

    threads = [Thread(target=reserve) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(taken) == list(range(min(taken), min(taken) + 8))


def test_alone_may_be_asked_for_in_every_work(units: UnitOfWork) -> None:
    for _ in range(2):
        with units.begin() as work:
            work.alone("declare")


def test_a_job_is_held_by_one_until_its_lease_ends(units: UnitOfWork) -> None:
    def holds(owner: str, after: timedelta) -> bool:
        with units.begin() as work:
            return work.holds("oncall", owner, now=NOON + after, lease=MINUTE)

    assert holds("one", timedelta())
    assert not holds("two", timedelta())
    assert holds("one", MINUTE / 2)
    assert not holds("two", MINUTE)
    assert holds("two", 2 * MINUTE)


# --- read-only transactions -----------------------------------------------------------------------------------


def test_a_reader_sees_one_moment_while_a_writer_is_at_work(database_units: UnitOfWork) -> None:
    with database_units.begin() as work:
        work.incidents.put(declared())

    with database_units.begin() as writer, database_units.read() as reader:
        writer.incidents.put(replace(declared(), impact="half of EU"))
        writer.timeline.of(42)  # what was put is written now
        reader.alone("declare")
        found = reader.incidents.get(42)

    assert found == declared()


WRITES: dict[str, Callable[[Work], object]] = {
    "put": lambda work: work.incidents.put(declared()),
    "reserve": lambda work: work.incidents.reserve(),
    "outbox": lambda work: work.outbox.add([post("hello")], now=NOON),
    "lease": lambda work: work.holds("oncall", "one", now=NOON, lease=MINUTE),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_what_is_written_in_a_read_only_transaction_raises(
    units: UnitOfWork, write: Callable[[Work], object]
) -> None:
    with pytest.raises(Exception, match=r"read.?only"), units.read() as work:
        write(work)

    with units.read() as work:
        assert work.incidents.get(42) is None


def test_after_a_read_the_same_connection_writes(units: UnitOfWork) -> None:
    for number in (1, 2, 3):
        with units.read() as work:
            assert work.incidents.get(number) is None
        with units.begin() as work:
            work.incidents.put(declared(number))


# --- records ----------------------------------------------------------------------------------------------


def test_an_incident_comes_back_as_it_was(units: UnitOfWork) -> None:
    full = replace(
        declared(),
        room="C0ROOM",
        phase=Phase.FALSE_ALARM,
        roles={"scribe": "U0RAJ"},
        members=("U0ANA", "U0RAJ"),
        links=(Link(url="https://example.com", title="graph"),),
        impact_since=NOON - MINUTE,
        resolved_at=NOON + MINUTE,
        entries=3,
    )
    with units.begin() as work:
        work.incidents.put(full)

    with units.begin() as work:
        assert work.incidents.get(42) == full


def test_open_incidents_come_newest_first(units: UnitOfWork) -> None:
    with units.begin() as work:
        for number in (1, 2, 3, 4):
            work.incidents.put(declared(number))
        work.incidents.put(declared(3).after(Resolved(at=NOON, by="U0ANA")))

    with units.begin() as work:
        assert [it.number for it in work.incidents.open(limit=2)] == [4, 2]


def test_incidents_are_found_by_room_and_open_ones_by_name(units: UnitOfWork) -> None:
    with units.begin() as work:
        work.incidents.put(declared(1).after(RoomOpened(at=NOON, channel="C0ONE", channel_name="inc-1")))
        work.incidents.put(declared(2).after(Resolved(at=NOON, by="U0ANA")))
        work.incidents.put(declared(3))
        work.incidents.put(replace(declared(4), name="Something else"))

    with units.begin() as work:
        found = work.incidents.in_room("C0ONE")
        assert found
        assert found.number == 1
        assert work.incidents.in_room("C0TWO") is None
        assert sorted(work.incidents.names_of_open())[1:] == [(3, declared(3).name), (4, "Something else")]


SECRET = {"private": True, "members": ("U0ANA",)}
SEARCHES = [
    (Search(seen_by="U0ANA"), [6, 5, 4, 1]),
    (Search(seen_by="U0RAJ"), [4, 1]),
    (Search(seen_by="U0KIM"), [5, 4, 1]),
    (Search(seen_by="U0ANA", private=True), [6, 5]),
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
    units: UnitOfWork, wanted: Search, numbers: list[int]
) -> None:
    early = NOON - 60 * MINUTE
    with units.begin() as work:
        work.incidents.put(replace(declared(1), told=("payments",)))
        work.incidents.put(
            declared(2, at=early).after(Resolved(at=NOON - MINUTE, by="U0ANA", how="cart at 50%"))
        )
        work.incidents.put(declared(3, at=early).after(Resolved(at=NOON, by="U0ANA")))
        work.incidents.put(replace(declared(4, at=early), severity="sev4"))
        work.incidents.put(replace(declared(5, at=early), **SECRET, command_offered_to="U0KIM"))
        work.incidents.put(replace(declared(6, at=early), **SECRET))
        work.pages.put(replace(paged(1, incident=4), team="payments"))

    with units.begin() as work:
        assert [it.number for it in work.incidents.search(wanted, limit=10)] == numbers
        assert work.incidents.count(wanted) == len(numbers)
        assert [it.number for it in work.incidents.search(wanted, skip=1, limit=2)] == numbers[1:3]


def test_a_timeline_is_in_order_and_its_own(units: UnitOfWork) -> None:
    with units.begin() as work:
        for entry in (
            noted(1),
            noted(1, incident=43),
            replace(noted(2), supersedes=1, permalink="https://x"),
        ):
            work.timeline.append(entry)
        work.timeline.set_permalink(42, 1, "https://example.com/1")

    with units.begin() as work:
        mine = work.timeline.of(42)
        assert [(it.seq, it.permalink) for it in mine] == [(1, "https://example.com/1"), (2, "https://x")]
        assert mine[1].supersedes == 1
        assert work.timeline.of(43)[0].permalink is None


def test_what_an_entry_holds_comes_back_as_json_would_have_it(units: UnitOfWork) -> None:
    with units.begin() as work:
        work.timeline.append(replace(noted(1), data={"since": NOON, "fallback": ("Kim", "Raj")}))

    with units.begin() as work:
        data = work.timeline.of(42)[0].data
        assert data == {"since": "2026-11-23T12:00:00Z", "fallback": ["Kim", "Raj"]}


def test_pages_are_found_by_key_by_pagerduty_and_by_incident(units: UnitOfWork) -> None:
    sent = replace(paged(), state=PageState.SENT, pagerduty_id="PD1", fallback=("Kim +1",), sent_at=NOON)
    with units.begin() as work:
        work.pages.put(paged(18, key="spy-2"))
        work.pages.put(sent)
        work.pages.put(paged(19, key="spy-3", incident=None))

    with units.begin() as work:
        assert work.pages.by_key("spy-1") == sent
        assert work.pages.by_pagerduty("PD1") == sent
        assert work.pages.by_pagerduty("PD2") is None
        assert [it.number for it in work.pages.of(42)] == [17, 18]
        assert [it.number for it in work.pages.ringing()] == [17]


def test_a_tell_comes_back_as_it_was(units: UnitOfWork) -> None:
    tell = Tell(
        number=5,
        incident=42,
        team="payments",
        channel="C0PAY",
        message="x",
        by="U0ANA",
        at=NOON,
        seen_by=("U0KIM", "U0RAJ"),
    )
    with units.begin() as work:
        work.tells.put(tell)

    with units.begin() as work:
        assert work.tells.get(5) == tell
        assert work.tells.get(6) is None


def test_people_are_found_by_a_name_that_only_one_has(units: UnitOfWork) -> None:
    with units.begin() as work:
        for ident, name in (("U1", "Ana Lima"), ("U2", "Raj Patel"), ("U3", "Raj Rao"), ("U4", "50%_ Bob")):
            work.people.put(Person(id=ident, name=name))

    with units.begin() as work:
        found = {said: work.people.named(said) for said in ("ana", "ANA LIMA", "an", "raj", "raj rao", "5_%")}
        assert {said: it and it.id for said, it in found.items()} == {
            "ana": "U1",
            "ANA LIMA": "U1",
            "an": None,
            "raj": None,
            "raj rao": "U3",
            "5_%": None,
        }


def test_a_name_is_that_of_whoever_is_here_before_it_is_that_of_who_has_left(units: UnitOfWork) -> None:
    with units.begin() as work:
        for ident in ("U1", "U2", "U4"):
            work.people.put(Person(id=ident, name="Raj Rao", is_deactivated=True))
        work.people.put(Person(id="U3", name="Raj Patel"))

    with units.begin() as work:
        found = {said: work.people.named(said) for said in ("raj", "raj rao")}
        assert {said: it and it.id for said, it in found.items()} == {"raj": "U3", "raj rao": None}


def test_people_not_asked_for_lately_are_found_those_never_asked_for_first(units: UnitOfWork) -> None:
    with units.begin() as work:
        work.people.put(Person(id="U1", name="Old", profiled_at=NOON - MINUTE))
        work.people.put(Person(id="U2", name="New", profiled_at=NOON + MINUTE))
        work.people.put(Person(id="U3", name="Never"))

    with units.begin() as work:
        assert [it.id for it in work.people.unprofiled(before=NOON, limit=5)] == ["U3", "U1"]


def test_the_copy_of_the_duties_is_replaced_whole(units: UnitOfWork) -> None:
    ana = Duty(policy="PPOL1", level=1, name="Ana Lima", phone="+351 1", end=NOON)
    with units.begin() as work:
        assert work.duties.copy() == DutyCopy()
        work.duties.replace(DutyCopy(duties=(ana, ana), synced_at=NOON))
    with units.begin() as work:
        work.duties.replace(DutyCopy(duties=(ana,), synced_at=NOON, trouble="PagerDuty is down"))

    with units.begin() as work:
        assert work.duties.copy() == DutyCopy(duties=(ana,), synced_at=NOON, trouble="PagerDuty is down")


def test_a_message_may_move(units: UnitOfWork) -> None:
    with units.begin() as work:
        work.messages.put("card:42", Posted(channel="C0ROOM", ts="1.0"))
        work.messages.put("card:42", Posted(channel="C0ROOM", ts="2.0", permalink="https://x"))

    with units.begin() as work:
        assert work.messages.get("card:42") == Posted(channel="C0ROOM", ts="2.0", permalink="https://x")
        assert work.messages.get("card:43") is None


def test_messages_go_with_their_channel(units: UnitOfWork) -> None:
    with units.begin() as work:
        work.messages.put("card:42", Posted(channel="C0ROOM", ts="1.0", permalink="https://x"))
        work.messages.put("card:43", Posted(channel="C0OTHER", ts="1.0"))
        work.messages.moved("C0ROOM", "C0NEW")

    with units.begin() as work:
        assert work.messages.get("card:42") == Posted(channel="C0NEW", ts="1.0")
        assert work.messages.get("card:43") == Posted(channel="C0OTHER", ts="1.0")


def test_trouble_and_a_closed_channel_are_kept_whole(units: UnitOfWork) -> None:
    trouble = Trouble(key="channel:C1", why="is_archived", since=NOON, told=("U0KIM",), moved_to="C2")
    closed = replace(declared(42), channel_closed=Closed(how="archived", at=NOON, asked=("U0ANA",)))
    with units.begin() as work:
        work.troubles.put(trouble)
        work.troubles.put(replace(trouble, over_at=NOON + MINUTE))
        work.incidents.put(closed)

    with units.begin() as work:
        assert work.troubles.get("channel:C1") == replace(trouble, over_at=NOON + MINUTE)
        assert work.troubles.get("channel:C9") is None
        assert work.incidents.get(42) == closed


def test_a_request_is_new_once_and_keeps_its_answer(units: UnitOfWork) -> None:
    with units.begin() as work:
        assert work.inbound.remember("Ev1", at=NOON) is None
        work.inbound.answered("Ev1", "{}")

    with units.begin() as work:
        assert work.inbound.remember("Ev1", at=NOON) == "{}"
        work.inbound.forget(before=NOON + MINUTE)
        assert work.inbound.remember("Ev1", at=NOON) is None


# --- the outbox -------------------------------------------------------------------------------------------


def test_an_effect_comes_back_as_it_was(units: UnitOfWork) -> None:
    queue(units, post("hello"))

    parcel = claimed(units)[0]

    assert parcel.effect == post("hello")
    assert (parcel.attempts, parcel.uncertain, parcel.queued_at) == (1, False, NOON)


def test_an_effect_is_queued_once_under_its_key(units: UnitOfWork) -> None:
    queue(units, post("hello"), post("hello"))
    with units.begin() as work:
        work.outbox.done(claimed_in(work)[0].id, at=NOON)
    queue(units, post("hello"))

    assert wait(units) == {}


def claimed_in(work: Work) -> list[Parcel]:
    return list(work.outbox.claim("one", now=NOON, lease=LEASE, limit=10))


def test_of_one_slot_one_waits(units: UnitOfWork) -> None:
    with units.begin() as work:
        work.incidents.put(replace(declared(), room="C0ROOM"))
    queue(units, card("card:1"), card("card:2"))

    assert keys(claimed(units)) == ["card:1"]
    queue(units, card("card:3"))
    assert wait(units) == {"sending": 1, "ready": 1}


def test_a_lane_keeps_its_order_and_lanes_run_side_by_side(units: UnitOfWork) -> None:
    queue(units, post("a1", to="C0A"), post("a2", to="C0A"), post("b1", to="C0B"))

    first = claimed(units)
    with units.begin() as work:
        work.outbox.done(first[0].id, at=NOON)
    then = claimed(units)

    assert (keys(first), keys(then)) == (["a1", "b1"], ["a2"])


def test_pages_jump_the_queue(units: UnitOfWork) -> None:
    queue(units, post("slow"), Invite(key="i", incident=42, people=("U0ANA",)), SendPage(key="page", page=17))

    assert keys(claimed(units, limit=1)) == ["page"]


def test_what_needs_a_room_waits_for_it(units: UnitOfWork) -> None:
    with units.begin() as work:
        work.incidents.put(declared())
        work.outbox.add([card("card"), post("elsewhere")], now=NOON)

    before = keys(claimed(units))
    with units.begin() as work:
        work.incidents.put(declared().after(RoomOpened(at=NOON, channel="C0ROOM", channel_name="inc-42")))
        work.outbox.release(42)
    after = keys(claimed(units))

    assert (before, after) == (["elsewhere"], ["card"])


def test_what_is_asked_of_a_room_that_is_there_need_not_wait(units: UnitOfWork) -> None:
    with units.begin() as work:
        work.incidents.put(replace(declared(), room_refused="restricted_action"))
    queue(units, card("card"), AddBookmark(key="bookmark", incident=42, title="x"))

    assert keys(claimed(units)) == ["card", "bookmark"]


def test_a_lease_that_ran_out_leaves_the_outcome_unknown(units: UnitOfWork) -> None:
    queue(units, post("hello"))
    claimed(units, owner="dies")

    assert claimed(units, now=NOON + LEASE) == []
    again = claimed(units, now=NOON + 2 * LEASE, owner="lives")[0]

    assert (again.attempts, again.uncertain) == (2, True)


def test_what_an_owner_has_under_way_it_does_not_take_again(units: UnitOfWork) -> None:
    queue(units, post("one", to="C1"))
    at = claimed(units)[0].id

    with units.begin() as work:
        again = work.outbox.claim("one", now=NOON + 60 * MINUTE, lease=LEASE, limit=10, besides={at})

    assert again == []


def test_what_an_owner_lost_it_takes_again_when_the_lease_ran_out(units: UnitOfWork) -> None:
    queue(units, post("one", to="C1"), post("two", to="C2"))
    [first, _second] = claimed(units)

    with units.begin() as work:
        again = work.outbox.claim("one", now=NOON + MINUTE, lease=LEASE, limit=10, besides={first.id})

    assert [(it.effect.key, it.uncertain) for it in again] == [("two", True)]


def test_an_effect_ends_once(units: UnitOfWork) -> None:
    queue(units, post("hello"))
    parcel = claimed(units)[0].id

    with units.begin() as work:
        assert work.outbox.done(parcel, at=NOON)
    with units.begin() as work:
        assert not work.outbox.done(parcel, at=NOON)
        assert not work.outbox.give_up(parcel, at=NOON, why="late")
        assert not work.outbox.put_back(parcel, "one", due=NOON, tried=True, uncertain=True, why="late")
        assert work.outbox.latest(limit=1)[0].state == "done"


def test_what_another_has_taken_over_is_not_put_back(units: UnitOfWork) -> None:
    queue(units, post("hello"))
    parcel = claimed(units, owner="slow")[0].id
    claimed(units, owner="other", now=NOON + MINUTE)

    with units.begin() as work:
        is_back = work.outbox.put_back(parcel, "slow", due=NOON, tried=True, uncertain=True, why="500")

    assert not is_back
    assert wait(units) == {"sending": 1}


def test_a_lane_stands_still_when_its_first_is_due_or_under_way_for_longer_than_the_lease(
    units: UnitOfWork,
) -> None:
    queue(units, post("a1", to="C0A"), post("a2", to="C0A"))
    claimed(units, owner="hangs")
    queue(units, post("b1", to="C0B"))

    def standing(after: timedelta) -> list[tuple[str, datetime]]:
        with units.read() as work:
            found = work.outbox.standing(now=NOON + after, lease=LEASE)
        return [(it.effect.key, it.since) for it in found]

    assert standing(LEASE) == []
    assert standing(MINUTE) == [("a1", NOON + LEASE), ("b1", NOON)]


def test_a_key_is_known_before_and_after_its_effect_is_done(units: UnitOfWork) -> None:
    queue(units, post("hello"))
    with units.begin() as work:
        work.outbox.done(claimed_in(work)[0].id, at=NOON)

    with units.begin() as work:
        work.outbox.add([post("new")], now=NOON)
        assert [work.outbox.knows(key) for key in ("hello", "new", "other")] == [True, True, False]


FOREIGN = {
    "an unknown kind": "UPDATE outbox SET kind = 'SendPigeon'",
    "an unknown form": """UPDATE outbox SET payload = '{"key": "hello", "sky": "blue"}'""",
}


@pytest.mark.parametrize("change", FOREIGN.values(), ids=FOREIGN)
def test_an_effect_of_a_newer_spy_keeps_nobody_from_the_others(database_units: Database, change: str) -> None:
    queue(database_units, post("hello", to="C1"))
    with database_units.engine.begin() as connection:
        connection.exec_driver_sql(change)
    queue(database_units, post("mine", to="C2"))

    found = claimed(database_units)

    assert [type(it.effect).__name__ for it in found] == ["Unknown", "Post"]
    assert found[0].effect.key == "hello"


def test_an_effect_with_a_field_of_a_newer_spy_is_done(database_units: Database) -> None:
    queue(database_units, post("hello"))
    with database_units.engine.begin() as connection:
        connection.exec_driver_sql(
            'UPDATE outbox SET payload = replace(payload, \'{"key"\', \'{"sky": 1, "key"\')'
        )

    assert claimed(database_units)[0].effect == post("hello")


UNREADABLE = {
    "incident": (
        "UPDATE incident SET phase = 'pondering' WHERE number = 1",
        lambda work: work.incidents.open(limit=9),
    ),
    "page": ("UPDATE page SET state = 'sung' WHERE number = 1", lambda work: work.pages.since(NOON)),
    "timeline": ("UPDATE timeline SET data = '[]' WHERE seq = 1", lambda work: work.timeline.of(42)),
}


@pytest.mark.parametrize("table", UNREADABLE)
def test_a_row_of_a_newer_spy_costs_no_list(database_units: Database, table: str) -> None:
    change, listed = UNREADABLE[table]
    with database_units.begin() as work:
        for number in (1, 2):
            work.incidents.put(declared(number))
            work.pages.put(paged(number, key=f"spy-{number}"))
            work.timeline.append(noted(number))
    with database_units.engine.begin() as connection:
        connection.exec_driver_sql(change)

    with database_units.read() as work:
        assert len(listed(work)) == 1


def test_a_row_that_can_not_be_read_is_not_taken_for_absent(database_units: Database) -> None:
    with database_units.begin() as work:
        work.pages.put(paged(1, key="spy-1"))
    with database_units.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE page SET state = 'sung'")

    with pytest.raises(ValueError, match="sung"), database_units.read() as work:
        work.pages.by_key("spy-1")


def test_what_is_put_back_comes_again_when_due(units: UnitOfWork) -> None:
    queue(units, post("hello"))
    parcel = claimed(units)[0]
    with units.begin() as work:
        work.outbox.put_back(parcel.id, "one", due=NOON + MINUTE, tried=True, uncertain=True, why="reset")

    assert claimed(units) == []
    again = claimed(units, now=NOON + MINUTE)[0]

    assert (again.effect.key, again.attempts, again.uncertain) == ("hello", 2, True)


def test_what_was_not_tried_does_not_count(units: UnitOfWork) -> None:
    queue(units, post("hello"))
    parcel = claimed(units)[0]
    with units.begin() as work:
        work.outbox.put_back(parcel.id, "one", due=NOON, tried=False, uncertain=False, why="429")

    assert claimed(units)[0].attempts == 1


def test_what_is_put_back_stands_for_a_newer_wish_of_its_slot(units: UnitOfWork) -> None:
    with units.begin() as work:
        work.incidents.put(replace(declared(), room="C0ROOM"))
    queue(units, card("card:1"))
    parcel = claimed(units)[0]
    queue(units, card("card:2"))
    with units.begin() as work:
        work.outbox.put_back(parcel.id, "one", due=NOON, tried=True, uncertain=False, why="500")

    assert keys(claimed(units)) == ["card:1"]
    assert wait(units) == {"sending": 1}


def test_what_is_given_up_frees_its_lane(units: UnitOfWork) -> None:
    queue(units, post("bad"), post("good"))
    with units.begin() as work:
        work.outbox.give_up(claimed_in(work)[0].id, at=NOON, why="channel_not_found")

    assert keys(claimed(units)) == ["good"]


def test_the_outbox_knows_when_it_is_next_due(units: UnitOfWork) -> None:
    with units.begin() as work:
        assert work.outbox.next_due() is None
    queue(units, card("held"))
    queue(units, post("hello"), now=NOON + MINUTE)

    with units.begin() as work:
        assert work.outbox.next_due() == NOON + MINUTE
        assert work.outbox.waiting() == {"held": 1, "ready": 1}
    claimed(units, now=NOON + MINUTE)

    with units.begin() as work:
        assert work.outbox.next_due() == NOON + MINUTE + LEASE


def test_the_outbox_shows_first_what_waits_and_then_what_was_done(units: UnitOfWork) -> None:
    queue(units, post("bad"), card("held"), post("good"))
    with units.begin() as work:
        work.outbox.give_up(claimed_in(work)[0].id, at=NOON, why="channel_not_found")

    with units.begin() as work:
        shown = [(it.kind, it.state, it.attempts, it.why) for it in work.outbox.latest(limit=10)]
        assert shown == [
            ("Post", "ready", 0, None),
            ("Show", "held", 0, None),
            ("Post", "failed", 1, "channel_not_found"),
        ]
        assert len(work.outbox.latest(limit=2)) == 2


def test_what_is_done_is_forgotten_in_time(units: UnitOfWork) -> None:
    queue(units, post("done"), post("waits", to="C0OTHER"))
    with units.begin() as work:
        work.outbox.done(claimed_in(work)[0].id, at=NOON)
        work.outbox.forget(before=NOON + MINUTE)
    queue(units, post("done"))

    assert wait(units) == {"sending": 1, "ready": 1}
