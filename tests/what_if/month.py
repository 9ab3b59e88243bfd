"""A month of a thousand incidents: some that were lived through, copied with other numbers, people and days."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bot.adapters.database import Database
from bot.domain.incident.incident import Incident
from bot.domain.incident.timeline import Entry
from bot.domain.relief.relief import SWITCHES, WorkPeriod
from bot.ports import Person
from tests.what_if.lives import PEOPLE, Lives

DAYS = 20
"""No clock of the people was set forward or back in so many days."""
DAY = timedelta(days=1)
APART = 1_000
"""The numbers of two copies are so far apart."""
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)")
MILLISECONDS = re.compile(r"\b1[78]\d{11}\b")
PERSON = re.compile("|".join(PEOPLE))
OF_PAGE = re.compile(r"\d+(?=-)")
AT_ONCE = 20


@dataclass(frozen=True, kw_only=True)
class Lived:
    """What Spy stored of some incidents."""

    incidents: tuple[Incident, ...]
    entries: tuple[Entry, ...]
    people: tuple[Person, ...]
    periods: tuple[WorkPeriod, ...]

    @classmethod
    def of(cls, lives: Lives) -> "Lived":
        with lives.sessions.read() as session:
            incidents = tuple(session.incidents.alive_since(lives.clock.now() - 9 * DAY))
            since = lives.clock.now() - 9 * DAY
            return cls(
                incidents=incidents,
                entries=tuple(entry for it in incidents for entry in session.timeline.of(it.number)),
                people=tuple(filter(None, map(session.people.get, PEOPLE))),
                periods=tuple(it for person in PEOPLE for it in session.periods.of(person, since=since)),
            )


def fill(database: Database, lived: Lived, incidents: int) -> int:
    """Write copies of what was lived, each some whole days earlier, until there are so many incidents.

    Return how many entries there are.
    """
    copies = -(-incidents // len(lived.incidents))
    for start in range(0, copies, AT_ONCE):
        with database.begin() as session:
            for nth in range(start, min(start + AT_ONCE, copies)):
                copy = _Copy(nth=nth, by=-(nth % DAYS) * DAY)
                for person in lived.people:
                    session.people.put(replace(person, id=copy.person(person.id)))
                for period in lived.periods:
                    session.periods.put(copy.period(period))
                for entry in lived.entries:
                    session.timeline.append(copy.entry(entry))
                for incident in lived.incidents:
                    session.incidents.put(copy.incident(incident))
    return copies * len(lived.entries)


@dataclass(frozen=True, kw_only=True)
class _Copy:
    nth: int
    by: timedelta

    def number(self, number: int) -> int:
        return number + self.nth * APART

    def person(self, person: str) -> str:
        return f"{person}X{self.nth}"

    def period(self, it: WorkPeriod) -> WorkPeriod:
        return replace(
            it,
            number=self.number(it.number),
            person=self.person(it.person),
            started_at=it.started_at + self.by,
            ended_at=it.ended_at and it.ended_at + self.by,
            on={self.number(one): what for one, what in it.on.items()},
            was_on=tuple(map(self.number, it.was_on)),
            reminded={},
            asked=(),
            pages=(),
        )

    def incident(self, it: Incident) -> Incident:
        return replace(
            it,
            number=self.number(it.number),
            declared_at=it.declared_at + self.by,
            resolved_at=it.resolved_at and it.resolved_at + self.by,
            reminded={},
            channel=None,
        )

    def entry(self, it: Entry) -> Entry:
        data = {key: self._value(key, value) for key, value in it.data.items()}
        if it.data.get("reminder") in SWITCHES:
            mark = str(self.number(int(it.data["mark"])))
            data |= {"mark": mark, "occurrence": it.data["occurrence"].replace(it.data["mark"], mark, 1)}
        elif it.data.get("reminder") == "unanswered":
            data["occurrence"] = OF_PAGE.sub(
                lambda found: str(self.number(int(found[0]))), data["occurrence"], count=1
            )
        return replace(
            it,
            incident=self.number(it.incident),
            occurred_at=it.occurred_at + self.by,
            recorded_at=it.recorded_at + self.by,
            actor=it.actor and self.person(it.actor),
            data=data,
        )

    def _value(self, key: str, value: Any) -> Any:
        match key, value:
            case "page" | "into" | "was_with" | "other", int():
                return self.number(value)
            case "to", str() if value.startswith(("incident:", "card:")):
                kind, _, number = value.partition(":")
                return f"{kind}:{self.number(int(number))}"
            case _, str():
                return self._text(value)
            case _, list():
                return [self._value(key, it) for it in value]
        return value

    def _text(self, text: str) -> str:
        ms = int(self.by.total_seconds() * 1000)
        text = MOMENT.sub(lambda found: (datetime.fromisoformat(found[0]) + self.by).isoformat(), text)
        text = MILLISECONDS.sub(lambda found: str(int(found[0]) + ms), text)
        return PERSON.sub(lambda found: self.person(found[0]), text)
