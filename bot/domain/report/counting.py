"""Which incidents a report counts, and the times and counts that it takes from one of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from statistics import quantiles

from bot.domain.incident.incident import Incident
from bot.domain.incident.state import Phase
from bot.domain.incident.timeline import Entry
from bot.domain.postmortem.statistics import Clocks, Update
from bot.domain.service import Services

MEDIAN, HIGH = 50, 90
"""The percentiles of a report."""
NOT_NEGATIVE = timedelta()


class Exclusion(StrEnum):
    """Why an incident is not counted."""

    DRILL = "drill"
    MERGED = "merged"
    FALSE_ALARM = "false alarm"


class TimeTo(StrEnum):
    """The times of an incident, in the order in which they usually end."""

    DETECT = "detect"
    ACKNOWLEDGE = "acknowledge"
    FIRST_UPDATE = "first update"
    MITIGATE = "mitigate"
    RESOLVE = "resolve"


def exclusion(incident: Incident) -> Exclusion | None:
    """Return why a report does not count an incident; None if it does."""
    if incident.drill:
        return Exclusion.DRILL
    by_phase = {Phase.MERGED: Exclusion.MERGED, Phase.FALSE_ALARM: Exclusion.FALSE_ALARM}
    return by_phase.get(incident.phase)


def is_of(team: str, incident: Incident, *, paged: bool, services: Services) -> bool:
    """Whether an incident is a team's: it was paged or notified, or one of its services is affected."""
    owners = (services[it].team for it in incident.services if it in services)
    return paged or team in incident.told or team in owners


def times(clocks: Clocks) -> Mapping[TimeTo, timedelta | None]:
    """Return the times of an incident. None: unknown, or not reached.

    Those to detect and to mitigate are the postmortem's. The others count from the declaration.
    """
    declared = clocks.declared
    ends = (clocks.acknowledged, clocks.updated, clocks.resolved)
    acknowledged, updated, resolved = (max(it - declared, NOT_NEGATIVE) if it else None for it in ends)
    return {
        TimeTo.DETECT: clocks.undetected,
        TimeTo.ACKNOWLEDGE: acknowledged,
        TimeTo.FIRST_UPDATE: updated,
        TimeTo.MITIGATE: clocks.to_mitigate,
        TimeTo.RESOLVE: resolved,
    }


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """One time of several incidents: how many are known and unknown, the median and the 90th percentile."""

    time: TimeTo
    known: int = 0
    unknown: int = 0
    median: timedelta | None = None
    high: timedelta | None = None

    @classmethod
    def of(cls, time: TimeTo, lengths: Iterable[timedelta | None]) -> "Distribution":
        every = list(lengths)
        known = [it for it in every if it is not None]
        return cls(
            time=time,
            known=len(known),
            unknown=len(every) - len(known),
            median=percentile(known, MEDIAN),
            high=percentile(known, HIGH),
        )


def percentile(lengths: Sequence[timedelta], percent: int) -> timedelta | None:
    """Return a percentile, between the two nearest values if it is none of them; None of no values.

    It is the one that spreadsheets call PERCENTILE.INC.
    """
    if not lengths:
        return None
    seconds = [it.total_seconds() for it in lengths]
    cuts = quantiles(seconds if len(seconds) > 1 else seconds * 2, n=100, method="inclusive")
    return timedelta(seconds=round(cuts[percent - 1]))


@dataclass(frozen=True, kw_only=True)
class Punctuality:
    """Updates that came in time, that came late, and that nobody had promised."""

    on_time: int = 0
    late: int = 0
    not_promised: int = 0

    @classmethod
    def of(cls, updates: Iterable[Update]) -> "Punctuality":
        every = list(updates)
        promised = [it for it in every if it.promised]
        late = sum(it.late is not None for it in promised)
        return cls(on_time=len(promised) - late, late=late, not_promised=len(every) - len(promised))

    def __add__(self, other: "Punctuality") -> "Punctuality":
        return Punctuality(
            on_time=self.on_time + other.on_time,
            late=self.late + other.late,
            not_promised=self.not_promised + other.not_promised,
        )

    @property
    def promised(self) -> int:
        return self.on_time + self.late


# --- relief -----------------------------------------------------------------------------------------------

RELIEF_KINDS = ("command_taken", "role_given", "relief_put_off")
"""What relief needs of a timeline, besides the reminders that asked for it."""
WARNED = ".warn"
"""How the occurrence of a reminder ends that goes to the person alone: nobody was asked yet."""


@dataclass(frozen=True, kw_only=True)
class ReliefCount:
    """For how many people's work periods relief was asked for, given, and put off. `unknown`: whose is unknown."""

    asked: int = 0
    given: int = 0
    put_off: int = 0
    unknown: int = 0


def relief(timelines: Iterable[Sequence[Entry]], people: Mapping[str, str]) -> ReliefCount:
    """Count the relief in these incidents. `people` has the person of each work period, by its number.

    A period counts once, in however many incidents Spy asked. Relief was given if somebody else took over the person's
    command or role after Spy had asked.
    """
    asked, given, put_off = set[str](), set[str](), set[tuple[str | None, str]]()
    for entries in timelines:
        waiting, roles = dict[str, set[str]](), dict[str, str]()
        for it in sorted(entries, key=lambda entry: entry.seq):
            match it.kind:
                case "reminded" if not str(it.data["occurrence"]).endswith(WARNED):
                    period = str(it.data["mark"])
                    asked.add(period)
                    waiting.setdefault(people.get(period, ""), set()).add(period)
                case "command_taken" if it.data["before"] not in {None, it.data["commander"]}:
                    given |= waiting.get(str(it.data["before"]), set())
                case "role_given":
                    before = roles.get(it.data["role"])
                    if before and before != it.data["person"]:
                        given |= waiting.get(before, set())
                    roles[it.data["role"]] = it.data["person"]
                case "relief_put_off":
                    put_off.add((it.actor, str(it.data["until"])))
    return ReliefCount(
        asked=len(asked),
        given=len(given),
        put_off=len(put_off),
        unknown=sum(it not in people for it in asked),
    )
