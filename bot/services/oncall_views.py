"""What the messages about shifts, cover and test pages show, read afresh each time."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bot.domain.cover import CoverRequest
from bot.domain.incident import Incident
from bot.domain.shift import HANDOVER, OVERLOAD, UNANSWERED, WARNING, Shift
from bot.domain.timer import LATE_AFTER
from bot.services.transaction import Transaction

Facts = Mapping[str, Any]

ON_CALL = frozenset(
    {"warning", "unready", "handover", "overload", "stranger", "cover", "covering", "test", "tested"}
)
"""The message types told from here."""
ON_CALLS = {"warning": WARNING, "unready": UNANSWERED, "overload": OVERLOAD}


class OnCallViews:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    def facts(self, message_type: str, ref: int, mark: str) -> Facts:
        """Give what a message type shows; `mark` tells which of several messages it is."""
        occurrence = mark.removeprefix(":")
        match message_type:
            case "warning" | "unready" | "overload":
                return self._shift(ref, f"{ON_CALLS[message_type]}/{occurrence}")
            case "handover":
                return self._handover(ref, f"{HANDOVER}/{occurrence}")
            case "stranger":
                return self._shift(ref, "")
            case "cover" | "covering":
                return self._cover(ref, f"cover/{occurrence}")
        page = self._session.pages.get(ref)
        return {"page": page, "now": self._tx.now}

    def _shift(self, number: int, name: str) -> dict[str, Any]:
        shift = self._session.shifts.get(number)
        if shift is None:
            raise LookupError(f"shift {number} is not in the database")
        said = shift.told.get(name)
        starts, ends = shift.local
        return {
            "shift": shift,
            "starts": starts,
            "ends": ends,
            "said": said,
            "fresh": bool(said and said.at - shift.known_since < LATE_AFTER),
            "cover": self._cover_of(shift),
            "by_now": self._now_on_call(shift),
            "ahead": _ahead(shift.start - self._tx.now),
            "now": self._tx.now,
        }

    def _cover_of(self, shift: Shift) -> CoverRequest | None:
        """Give what its person asked for of this shift, if that is still open."""
        mine = (it for it in self._session.covers.open() if it.by == shift.person)
        return next((it for it in mine if it.start < shift.end and it.end > shift.start), None)

    def _now_on_call(self, shift: Shift) -> str | None:
        """Give the name of who has a shift that is gone: whoever is on call when it would have begun."""
        on = self._session.shifts.on(shift.turn.schedule, since=shift.start, until=shift.end)
        heirs = (it for it in on if it.start <= shift.start < it.end and not it.gone_at)
        return next((it.turn.name for it in heirs), None) if shift.gone_at else None

    def _handover(self, number: int, name: str) -> Facts:
        facts = self._shift(number, name)
        return {**facts, "incidents": self._incidents_of(facts["shift"])}

    def _incidents_of(self, shift: Shift) -> list[Incident]:
        """Give the incidents of a shift: its team was paged for them, or its person led or had a role."""
        alive = self._session.incidents.alive_since(shift.start)
        pages = self._session.pages.since(shift.start)
        paged = {page.incident for page in pages if page.team == shift.team or page.person == shift.person}
        return [
            it
            for it in alive
            if it.declared_at < shift.end
            and (it.number in paged or shift.person in (it.commander, *it.roles.values()))
            and shift.person
            and it.is_seen_by(shift.person)
        ]

    def _cover(self, number: int, name: str) -> Facts:
        cover = self._session.covers.get(number)
        if cover is None:
            raise LookupError(f"request for cover {number} is not in the database")
        return {
            "cover": cover,
            "again": name in cover.told,
            "said": cover.told.get(name),
            "ahead": _ahead(cover.start - self._tx.now),
            "now": self._tx.now,
        }


def _ahead(length: timedelta) -> timedelta | None:
    """Round to a minute: what is said an hour before is read a second later. None once it has begun."""
    minutes = round(length / timedelta(minutes=1))
    return timedelta(minutes=minutes) if minutes > 0 else None
