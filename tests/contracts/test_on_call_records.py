"""What every unit of work keeps to about shifts, requests for cover and the figures that are made of them."""

from dataclasses import replace
from datetime import timedelta

from bot.domain.cover import CoverRequest
from bot.domain.events import Resolved
from bot.domain.shift import Overload, Shift, Told, Turn
from bot.ports import Contact, UnitOfWork
from tests.contracts.test_work import NOON, declared, noted, paged, units

__all__ = ["units"]  # the fixture: each kind of unit of work, one after the other
HOUR = timedelta(hours=1)


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


def test_a_shift_comes_back_as_it_was(units: UnitOfWork) -> None:
    told = replace(shift(), told={"warning/1d": Told(at=NOON, late=True)}, ready_at=NOON)
    told = replace(told, overload=Overload(at=NOON, incidents=(41, 42, 43)))
    with units.begin() as work:
        work.shifts.put(shift())
        work.shifts.put(told)

    with units.begin() as work:
        assert work.shifts.get(1) == told
        assert work.shifts.of(told.subject) == told
        assert work.shifts.of("shift:PSCH1:PUNOBODY:20261123T120000Z") is None


def test_shifts_are_found_by_schedule_by_person_and_by_time(units: UnitOfWork) -> None:
    gone = shift(4).gone(NOON)
    with units.begin() as work:
        for it in (
            shift(1, hours=8),
            shift(2),
            shift(3, schedule="PSCH2", person="U0KIM"),
            gone,
            shift(5, hours=-8),
        ):
            work.shifts.put(it)

    def numbers(*shifts: Shift) -> list[int]:
        return [it.number for it in shifts]

    with units.begin() as work:
        until = NOON + 10 * HOUR
        assert numbers(*work.shifts.on("PSCH1", since=NOON, until=until)) == [2, 4, 1]
        assert numbers(*work.shifts.of_person("U0ANA", since=NOON)) == [2, 1]
        assert numbers(*work.shifts.between(NOON, NOON + HOUR)) == [2, 3]


def test_requests_for_cover_are_found_while_they_are_open(units: UnitOfWork) -> None:
    with units.begin() as work:
        work.covers.put(cover(1, hours=5))
        work.covers.put(cover(2))
        work.covers.put(cover(3).withdraw(by="U0ANA", at=NOON))

    with units.begin() as work:
        assert work.covers.get(2) == cover(2)
        assert [it.number for it in work.covers.open()] == [2, 1]


def test_shifts_and_covers_have_numbers_of_their_own(units: UnitOfWork) -> None:
    with units.begin() as work:
        assert [work.shifts.reserve(), work.shifts.reserve(), work.covers.reserve()] == [1, 2, 1]


def test_whose_an_address_is_is_remembered(units: UnitOfWork) -> None:
    known = Contact(email="ana@example.com", person="U0ANA", asked_at=NOON)
    with units.begin() as work:
        work.contacts.put(Contact(email="ana@example.com"))
        work.contacts.put(known)

    with units.begin() as work:
        assert work.contacts.get("ana@example.com") == known
        assert work.contacts.get("kim@example.com") is None


def test_incidents_that_were_alive_since_a_moment_are_found(units: UnitOfWork) -> None:
    with units.begin() as work:
        work.incidents.put(declared(1).after(Resolved(at=NOON, by="U0ANA")))
        work.incidents.put(declared(2).after(Resolved(at=NOON + 2 * HOUR, by="U0ANA")))
        work.incidents.put(declared(3))

    with units.begin() as work:
        assert [it.number for it in work.incidents.alive_since(NOON + HOUR)] == [2, 3]


def test_entries_of_some_kinds_are_found_over_several_incidents(units: UnitOfWork) -> None:
    with units.begin() as work:
        for it in (noted(1), noted(2), noted(1, incident=41), noted(1, incident=43)):
            work.timeline.append(it)
        work.timeline.append(replace(noted(3), kind="declared"))

    with units.begin() as work:
        found = work.timeline.among([42, 41], ["declared", noted(1).kind])
        assert [(it.incident, it.seq) for it in found] == [(41, 1), (42, 1), (42, 2), (42, 3)]
        assert list(work.timeline.among([], ["declared"])) == []


def test_pages_are_found_by_when_they_were_asked_for(units: UnitOfWork) -> None:
    with units.begin() as work:
        work.pages.put(paged(17))
        work.pages.put(replace(paged(18, key="spy-2"), requested_at=NOON + HOUR))

    with units.begin() as work:
        assert [it.number for it in work.pages.since(NOON + HOUR)] == [18]
