"""The lasting messages about shifts and cover."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.effects import UpsertMessage
from bot.domain.incident.incident import Incident
from bot.domain.oncall.cover import REMINDER, CoverRequest, CoverState
from bot.domain.oncall.shift import HANDOVER, NIGHT, OVERLOAD, UNANSWERED, WARNING, Shift, night_name
from bot.domain.subject import Occurrence
from bot.domain.timer import LATE_AFTER
from bot.services.messages import Facts, message
from bot.services.read_access import ReadAccess
from bot.services.transaction import Transaction


def _goes_on(facts: Facts) -> bool:
    """Whether a shift is still somebody's, and not over."""
    shift: Shift = facts["shift"]
    return shift.gone_at is None and facts["now"] < shift.end


def _is_wanted(facts: Facts) -> bool:
    """Whether a cover is not withdrawn, and its time not over."""
    cover: CoverRequest = facts["cover"]
    is_off = cover.state in {CoverState.WITHDRAWN, CoverState.ELSEWHERE}
    return not is_off and bool(facts["now"] < cover.end)


@message("warning", "oncall/warning", is_worth_posting=_goes_on)
def warning(tx: Transaction, it: UpsertMessage) -> Facts:
    return _shift(tx, it.ref, Occurrence(WARNING, _name(it)))


@message("unready", "oncall/unready", is_worth_posting=_goes_on)
def unready(tx: Transaction, it: UpsertMessage) -> Facts:
    return _shift(tx, it.ref, Occurrence(UNANSWERED, _name(it)))


@message("overload", "oncall/overload", is_worth_posting=_goes_on)
def overload(tx: Transaction, it: UpsertMessage) -> Facts:
    return _shift(tx, it.ref, Occurrence(OVERLOAD, _name(it)))


@message("handover", "oncall/handover")
def handover(tx: Transaction, it: UpsertMessage) -> Facts:
    facts = _shift(tx, it.ref, Occurrence(HANDOVER, _name(it)))
    return {**facts, "incidents": _incidents_of(tx, facts["shift"])}


@message("night", "oncall/night", is_worth_posting=_goes_on)
def night(tx: Transaction, it: UpsertMessage) -> Facts:
    facts = _shift(tx, it.ref, Occurrence(NIGHT, _name(it)))
    shift: Shift = facts["shift"]
    of = next((night for night in shift.nights if str(night_name(night)) == _name(it)), None)
    zone = ZoneInfo(shift.zone)
    rings = [at.astimezone(zone) for at in of.rings] if of else []
    return {**facts, "rings": rings, "today": tx.now.astimezone(zone)}


@message("stranger", "oncall/stranger", is_worth_posting=_goes_on)
def stranger(tx: Transaction, it: UpsertMessage) -> Facts:
    return _shift(tx, it.ref, Occurrence("", ""))


@message("cover", "oncall/cover", is_worth_posting=_is_wanted)
@message("covering", "oncall/covering", is_worth_posting=_is_wanted)
def cover(tx: Transaction, it: UpsertMessage) -> Facts:
    return _cover(tx, it.ref, Occurrence(REMINDER, _name(it)))


def _name(it: UpsertMessage) -> str:
    found: str = it.facts.get("occurrence", "")
    return found


def _shift(tx: Transaction, number: int, occurrence: Occurrence) -> dict[str, Any]:
    shift = tx.session.shifts.get(number)
    if shift is None:
        raise LookupError(f"shift {number} is not in the database")
    sent = shift.told.get(occurrence)
    starts, ends = shift.local
    heir = _heir(tx, shift)
    joined = heir and heir.turn.user == shift.turn.user
    return {
        "shift": shift,
        "starts": starts,
        "ends": ends,
        "said": sent,
        "fresh": bool(sent and sent.at - shift.known_since < LATE_AFTER),
        "cover": _cover_of(tx, shift),
        "by_now": heir.turn.name if heir and not joined else None,
        "joined": heir if joined else None,
        "ahead": _ahead(shift.start - tx.now),
        "now": tx.now,
    }


def _cover_of(tx: Transaction, shift: Shift) -> CoverRequest | None:
    """Return the open request for cover of this shift, if its person made one."""
    mine = (it for it in tx.session.covers.open() if it.by == shift.person)
    return next((it for it in mine if it.start < shift.end and it.end > shift.start), None)


def _heir(tx: Transaction, shift: Shift) -> Shift | None:
    """Return the shift that has the start of one that is gone: one of the same person, if there is one."""
    if shift.gone_at is None:
        return None
    on = tx.session.shifts.on(shift.turn.schedule, since=shift.start, until=shift.end)
    heirs = (it for it in on if it.start <= shift.start < it.end and not it.gone_at)
    return min(heirs, key=lambda it: it.turn.user != shift.turn.user, default=None)


def _incidents_of(tx: Transaction, shift: Shift) -> list[Incident]:
    """Return the incidents of a shift: its team was paged, or its person led or had a role."""
    alive = tx.session.incidents.alive_since(shift.start)
    pages = tx.session.pages.since(shift.start)
    paged = {page.incident for page in pages if page.team == shift.team or page.person == shift.person}
    return [
        it
        for it in alive
        if it.declared_at < shift.end
        and (it.number in paged or shift.person in (it.commander, *it.roles.values()))
        and shift.person
        and ReadAccess(tx).sees(shift.person, it)
    ]


def _cover(tx: Transaction, number: int, occurrence: Occurrence) -> Facts:
    cover = tx.session.covers.get(number)
    if cover is None:
        raise LookupError(f"request for cover {number} is not in the database")
    return {
        "cover": cover,
        "again": occurrence in cover.told,
        "said": cover.told.get(occurrence),
        "ahead": _ahead(cover.start - tx.now),
        "now": tx.now,
    }


def _ahead(length: timedelta) -> timedelta | None:
    """Round to minutes, because a message sent an hour before is read a second later. None once it has begun."""
    minutes = round(length / timedelta(minutes=1))
    return timedelta(minutes=minutes) if minutes > 0 else None
