"""What every unit of work keeps to about shifts, requests for cover and the figures that are made of them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bot.domain.incident.events import Resolved
from bot.domain.oncall.cover import CoverRequest
from bot.domain.oncall.ring import PagerRing
from bot.domain.oncall.shift import Overload, SentReminder, Shift, Turn
from bot.domain.subject import Occurrence
from bot.ports import Contact, RingCopy, Session, Sessions
from tests.contracts.test_session import NOON, declared, noted, paged

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def shift(number: int = 1, *, hours: int = 0, schedule: str = "PSCH1", person: str | None = "U0ANA") -> Shift:
    start = NOON + hours * HOUR
    turn = Turn(
        schedule=schedule,
        user=f"PU{number}",
        name="Ana Lima",
        email="ana@example.com",
        start=start,
        end=start + 8 * HOUR,
    )
    return Shift.new(number, turn, team="imoc", person=person, zone="Europe/Lisbon", known_since=NOON)


def cover(number: int = 3, *, hours: int = 0) -> CoverRequest:
    start = NOON + hours * HOUR
    return CoverRequest(
        number=number,
        schedule="PSCH1",
        team="imoc",
        by="U0ANA",
        start=start,
        end=start + HOUR,
        asked_at=NOON,
        declined_by=("U0KIM",),
    )


def test_a_shift_comes_back_as_it_was(sessions: Sessions) -> None:
    told = replace(
        shift(), told={Occurrence("warning", "1d"): SentReminder(at=NOON, late=True)}, ready_at=NOON
    )
    told = replace(told, overload=Overload(at=NOON, incidents=(41, 42, 43)))
    with sessions.begin() as session:
        session.shifts.put(shift())
        session.shifts.put(told)

    with sessions.begin() as session:
        assert session.shifts.get(1) == told
        assert session.shifts.of(told.subject) == told
        assert session.shifts.of("shift:PSCH1:PUNOBODY:20261123T120000Z") is None


def test_shifts_are_found_by_schedule_by_person_and_by_time(sessions: Sessions) -> None:
    gone = shift(4).gone(NOON)
    with sessions.begin() as session:
        for it in (
            shift(1, hours=8),
            shift(2),
            shift(3, schedule="PSCH2", person="U0KIM"),
            gone,
            shift(5, hours=-8),
        ):
            session.shifts.put(it)

    def numbers(*shifts: Shift) -> list[int]:
        return [it.number for it in shifts]

    with sessions.begin() as session:
        until = NOON + 10 * HOUR
        assert numbers(*session.shifts.on("PSCH1", since=NOON, until=until)) == [2, 4, 1]
        assert numbers(*session.shifts.of_person("U0ANA", since=NOON)) == [2, 1]
        assert numbers(*session.shifts.between(NOON, NOON + HOUR)) == [2, 3]


def test_requests_for_cover_are_found_while_they_are_open(sessions: Sessions) -> None:
    with sessions.begin() as session:
        session.covers.put(cover(1, hours=5))
        session.covers.put(cover(2))
        session.covers.put(cover(3).withdraw(by="U0ANA", at=NOON))

    with sessions.begin() as session:
        assert session.covers.get(2) == cover(2)
        assert [it.number for it in session.covers.open()] == [2, 1]


def test_shifts_and_covers_have_numbers_of_their_own(sessions: Sessions) -> None:
    with sessions.begin() as session:
        assert [session.shifts.reserve(), session.shifts.reserve(), session.covers.reserve()] == [1, 2, 1]


def test_whose_an_address_is_is_remembered(sessions: Sessions) -> None:
    known = Contact(email="ana@example.com", person="U0ANA", asked_at=NOON)
    with sessions.begin() as session:
        session.contacts.put(Contact(email="ana@example.com"))
        session.contacts.put(known)

    with sessions.begin() as session:
        assert session.contacts.get("ana@example.com") == known
        assert session.contacts.get("kim@example.com") is None


def test_incidents_that_were_alive_since_a_moment_are_found(sessions: Sessions) -> None:
    with sessions.begin() as session:
        session.incidents.put(declared(1).after(Resolved(at=NOON, by="U0ANA")))
        session.incidents.put(declared(2).after(Resolved(at=NOON + 2 * HOUR, by="U0ANA")))
        session.incidents.put(declared(3))

    with sessions.begin() as session:
        assert [it.number for it in session.incidents.alive_since(NOON + HOUR)] == [2, 3]


def test_entries_of_some_kinds_are_found_over_several_incidents(sessions: Sessions) -> None:
    with sessions.begin() as session:
        for it in (noted(1), noted(2), noted(1, incident=41), noted(1, incident=43)):
            session.timeline.append(it)
        session.timeline.append(replace(noted(3), kind="declared"))

    with sessions.begin() as session:
        found = session.timeline.among([42, 41], ["declared", noted(1).kind])
        assert [(it.incident, it.seq) for it in found] == [(41, 1), (42, 1), (42, 2), (42, 3)]
        assert list(session.timeline.among([], ["declared"])) == []


def test_pages_are_found_by_when_they_were_asked_for(sessions: Sessions) -> None:
    with sessions.begin() as session:
        session.pages.put(paged(17))
        session.pages.put(replace(paged(18, key="spy-2"), requested_at=NOON + HOUR))

    with sessions.begin() as session:
        assert [it.number for it in session.pages.since(NOON + HOUR)] == [18]


def ring(incident: str, user: str = "P1", *, hours: int = 0, person: str | None = "U0ANA") -> PagerRing:
    return PagerRing(incident=incident, user=user, at=NOON + hours * HOUR, person=person, service="PSVC1")


def test_rings_are_found_by_incident_by_person_and_by_time(sessions: Sessions) -> None:
    first, second, third = ring("Q1"), ring("Q1", "P2", person="U0RAJ"), ring("Q2", hours=2)
    with sessions.begin() as session:
        for it in (third, second, first, first):
            session.rings.put(it)

    with sessions.begin() as session:
        assert list(session.rings.of("Q1")) == [first, second]
        assert list(session.rings.since(NOON + HOUR, NOON + DAY)) == [third]
        assert list(session.rings.of_person("U0ANA", since=NOON, until=NOON + 2 * HOUR)) == [first]
        assert session.rings.counts(["U0ANA", "U0KIM"], since=NOON) == {"U0ANA": 2}
        assert session.rings.last_of("P1", since=NOON) == third


def test_who_is_unknown_is_asked_after_again_and_again(sessions: Sessions) -> None:
    asked = replace(ring("Q3", "P4", person=None), asked_at=NOON)
    ended = ring("Q4", "", person=None)
    with sessions.begin() as session:
        for it in (ring("Q1", "P3", person=None), ring("Q2", "P3", person=None), ring("Q2"), asked, ended):
            session.rings.put(it)

    def unknown(session: Session, hours: float, since: float = 0, besides: Sequence[str] = ()) -> list[str]:
        found = session.rings.unknown_users(
            since=NOON + since * HOUR, asked_before=NOON + hours * HOUR, besides=besides, limit=5
        )
        return list(found)

    with sessions.begin() as session:
        assert unknown(session, -1) == ["P3"]
        assert unknown(session, -1, besides=["P4"]) == ["P3", "P4"]
        assert unknown(session, 1) == ["P3", "P4"]
        assert unknown(session, 1, since=1) == []
        session.rings.put(replace(ring("Q2", "P3", person=None), asked_at=NOON))
        assert unknown(session, -1) == []
        assert {it.incident for it in session.rings.of_nobody("P3", since=NOON, limit=5)} == {"Q1", "Q2"}
        assert session.rings.forget(before=NOON + HOUR, limit=3) == 3
        assert session.rings.forget(before=NOON + HOUR, limit=3) == 2


def test_it_is_kept_up_to_when_rings_are_known(sessions: Sessions) -> None:
    with sessions.begin() as session:
        assert session.ring_copy.copy() == RingCopy()
        session.ring_copy.replace(RingCopy(since=NOON, until=NOON + HOUR, trouble="x"))

    with sessions.begin() as session:
        assert session.ring_copy.copy() == RingCopy(since=NOON, until=NOON + HOUR, trouble="x")
