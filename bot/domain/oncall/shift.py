"""A person's turn on call: its times, its warnings, and what was sent.

A shift is identified by its schedule, person and start. A moved shift is a new shift with new warnings. If a shift
goes to somebody else and comes back, it is the same shift and nothing is sent twice.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise
from typing import Self
from zoneinfo import ZoneInfo

from bot.domain.incident.incident import Incident
from bot.domain.oncall.load import SHIFT
from bot.domain.oncall.rest import BrokenNight
from bot.domain.oncall.ring import PagerRing, together
from bot.domain.policy import Policy, Timers
from bot.domain.refusal import Refusal
from bot.domain.subject import Occurrence, Subject
from bot.domain.timer import Timer
from bot.domain.zone import known_zone

CLOSE = timedelta(minutes=15)
"""A warning this soon after the last one is skipped, except the one at the start."""
A_DAY = timedelta(days=1)
A_NIGHT = timedelta(hours=16)
"""A shift that begins so soon after the person's last one goes on with it, as day shifts of one week do."""
KNOWN_TOO_LATE = timedelta(hours=1)
"""If Spy first sees a shift this long after its start, it sends no start warning."""

WARNING, UNANSWERED, HANDOVER, OVERLOAD, NIGHT = "warning", "unanswered", "handover", "overload", "night"
BRIEF = "brief"
START = "start"


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One entry of the pager's schedule, with overrides and swaps applied. `start` and `end` are UTC."""

    schedule: str
    user: str
    """The person's id at the pager."""
    name: str
    email: str | None
    start: datetime
    end: datetime


@dataclass(frozen=True, kw_only=True)
class SentReminder:
    """When a reminder was sent, and whether it was late."""

    at: datetime
    late: bool = False
    silent: bool = False
    """Skipped because the person knew already; there is no message."""


@dataclass(frozen=True, kw_only=True)
class Overload:
    """A shift with more incidents (by number) than one person handles well, and when that was noticed."""

    at: datetime
    incidents: tuple[int, ...]
    others: int = 0
    """How many incidents of the pager are among them that are none of Spy's."""

    @property
    def count(self) -> int:
        return len(self.incidents) + self.others


@dataclass(frozen=True, kw_only=True)
class Shift:
    """One person's unbroken time on a schedule. `person` is their Slack id, `zone` their time zone (IANA)."""

    number: int
    turn: Turn
    team: str
    known_since: datetime
    person: str | None = None
    zone: str = "UTC"
    ready_at: datetime | None = None
    goes_on: bool = False
    """Whether it goes on with another one of theirs, so that they know of it and have answered."""
    gone_at: datetime | None = None
    """When the shift was moved, swapped or covered, so that it is no longer theirs (UTC)."""
    overload: Overload | None = None
    """The first overload. Later ones are not recorded."""
    nights: tuple[BrokenNight, ...] = ()
    """The nights after which their rest was offered to somebody else."""
    told: Mapping[Occurrence, SentReminder] = field(default_factory=dict)
    """What was sent, by reminder and occurrence: `warning/1d`."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "zone", known_zone(self.zone) or "UTC")

    @property
    def start(self) -> datetime:
        return self.turn.start

    @property
    def end(self) -> datetime:
        return self.turn.end

    @property
    def subject(self) -> Subject:
        return subject(self.turn)

    @property
    def local(self) -> tuple[datetime, datetime]:
        """Start and end in the person's own time zone."""
        zone = ZoneInfo(self.zone)
        return self.start.astimezone(zone), self.end.astimezone(zone)

    def must_be_theirs(self, person: str) -> None:
        if self.person != person:
            raise Refusal("That shift is not yours. `oncall me` lists your shifts.")
        if self.gone_at:
            raise Refusal("That shift is no longer yours. `oncall me` lists your shifts.")

    def must_go_on(self, at: datetime) -> None:
        if self.end <= at:
            raise Refusal("That shift is over. `oncall me` lists your shifts.")

    def ready(self, *, by: str, at: datetime) -> "Shift":
        """Return the shift as confirmed (*I'm ready*). Refuses a shift that is over."""
        self.must_be_theirs(by)
        self.must_go_on(at)
        return self if self.ready_at else replace(self, ready_at=at)

    def after_sending(self, timer: Timer, *, at: datetime) -> "Shift":
        """Return the shift after this reminder was sent."""
        sent = SentReminder(at=at, late=timer.is_late(at))
        return replace(self, told={**self.told, timer.occurrence: sent})

    def after_incidents(
        self, theirs: Iterable[Incident], timers: Timers, *, at: datetime, others: Iterable[PagerRing] = ()
    ) -> "Shift":
        """Return the shift after these incidents, and after others of the pager that paged its person.

        Only those of its last 12 h count, and no drills. A storm of the pager counts once.
        """
        since = max(self.start, at - SHIFT)
        weighing = tuple(it.number for it in theirs if since < it.declared_at <= at and not it.drill)
        paged = together(it for it in others if since < it.at <= at)
        overload = Overload(at=at, incidents=weighing, others=len(set(paged.values())))
        if self.overload or overload.count < timers.shift_load_relief:
            return self
        return replace(self, overload=overload)

    def rest_of(self, whole: "Shift", policy: Policy) -> "Shift":
        """Return the shift as the rest of one that was cut in two. If that one had begun, the person is ready."""
        ready_at = whole.ready_at or (whole.start if whole.start <= self.known_since else None)
        return knowing(replace(self, ready_at=ready_at), policy)

    def gone(self, at: datetime) -> "Shift":
        return self if self.gone_at else replace(self, gone_at=at)

    def seen(
        self, turn: Turn, *, person: str | None, zone: str, at: datetime, goes_on: bool = False
    ) -> "Shift":
        """Return the shift after a sync. Its end or the person's zone may have changed.

        Once the shift before it is over, a sync no longer sees what it goes on with: then it stays as it was.
        """
        kept = goes_on or (self.goes_on and turn.start - A_NIGHT <= at)
        seen = replace(self, turn=turn, person=person, zone=zone, goes_on=kept)
        return replace(seen, gone_at=None, known_since=at) if self.gone_at else seen

    @classmethod
    def new(
        cls, number: int, turn: Turn, *, team: str, person: str | None, zone: str, known_since: datetime
    ) -> Self:
        return cls(number=number, turn=turn, team=team, person=person, zone=zone, known_since=known_since)


def subject(turn: Turn) -> Subject:
    """Return the subject of a shift's timers: `<schedule>:<user>:<start>`."""
    return Subject("shift", f"{turn.schedule}:{turn.user}:{turn.start.astimezone(UTC):%Y%m%dT%H%M%SZ}")


def unbroken(turns: Iterable[Turn]) -> list[Turn]:
    """Return turns with each person's adjacent entries joined. Layers and overrides split a shift into entries."""
    joined: list[Turn] = []
    for _, own in groupby(sorted(turns, key=_whose), key=lambda turn: (turn.schedule, turn.user)):
        joined += _joined(own)
    return sorted(joined, key=lambda turn: (turn.start, turn.schedule))


def _whose(turn: Turn) -> tuple[str, str, datetime]:
    return turn.schedule, turn.user, turn.start


def _joined(turns: Iterable[Turn]) -> Iterator[Turn]:
    whole: Turn | None = None
    for turn in turns:
        if whole and turn.start <= whole.end:
            whole = replace(whole, end=max(whole.end, turn.end))
            continue
        if whole:
            yield whole
        whole = turn
    if whole:
        yield whole


def in_a_row(turns: Iterable[Turn]) -> frozenset[Subject]:
    """Return which of these turns, by subject, begin within a night after the person's last one."""
    found: set[Subject] = set()
    for _, own in groupby(sorted(turns, key=_whose), key=lambda turn: (turn.schedule, turn.user)):
        found |= {subject(later) for earlier, later in pairwise(own) if later.start - earlier.end <= A_NIGHT}
    return frozenset(found)


def is_part(turn: Turn, whole: Turn) -> bool:
    """Whether a turn lies within another turn of the same person, after its start."""
    return turn.user == whole.user and whole.start < turn.start < whole.end


# --- the agenda -------------------------------------------------------------------------------------------


def shift_agenda(shift: Shift, policy: Policy) -> list[Timer]:
    """Return the next occurrence of each reminder; none if the shift is no longer theirs."""
    if shift.gone_at or shift.person is None:
        return []
    timers = policy.timers
    on_calls = (
        _next_warning(shift, timers),
        _unanswered(shift, timers),
        _handover(shift, timers),
        _overload(shift),
        _broken_night(shift),
        _brief(shift, timers),
    )
    return [timer for timer in on_calls if timer and timer.due_at < shift.end]


def _next_warning(shift: Shift, timers: Timers) -> Timer | None:
    last = max((told.at for it, told in shift.told.items() if it.reminder == WARNING), default=None)
    for name, due in _warnings(shift, timers):
        close = last is not None and due < last + (timedelta() if name == START else CLOSE)
        if Occurrence(WARNING, name) not in shift.told and not close:
            return Timer(subject=shift.subject, occurrence=Occurrence(WARNING, name), due_at=due)
    return None


def _warnings(shift: Shift, timers: Timers) -> list[tuple[str, datetime]]:
    """Return all warnings still to send. Of those missed before Spy knew the shift, only the last is sent.

    A shift that goes on with another one needs none of those that come days before.
    """
    known = shift.known_since
    every = [
        (lead_name(lead), before(shift.start, lead, shift.zone))
        for lead in sorted(timers.shift_warnings, reverse=True)
        if lead < A_DAY or not shift.goes_on
    ]
    missed = [(name, known) for name, due in every if due <= known][-1:]
    if known - shift.start > KNOWN_TOO_LATE:
        missed = []
    return missed + [(name, due) for name, due in every if due > known]


def _unanswered(shift: Shift, timers: Timers) -> Timer | None:
    """Return when the schedule's owner is notified of an unconfirmed shift. A late warning leaves time to answer."""
    is_answered = shift.ready_at or shift.goes_on or Occurrence(UNANSWERED, "once") in shift.told
    if is_answered or shift.known_since > shift.start:
        return None
    grace = min(shift.known_since + CLOSE, shift.start)
    due = max(shift.start - timers.shift_unanswered, grace)
    return Timer(subject=shift.subject, occurrence=Occurrence(UNANSWERED, "once"), due_at=due)


def _handover(shift: Shift, timers: Timers) -> Timer | None:
    name = f"{shift.end.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    due = shift.end - timers.shift_handover
    if due <= shift.start or due < shift.known_since or Occurrence(HANDOVER, name) in shift.told:
        return None
    return Timer(subject=shift.subject, occurrence=Occurrence(HANDOVER, name), due_at=due)


def _brief(shift: Shift, timers: Timers) -> Timer | None:
    """Return when the person hears what they take over: at the start, unless Spy sees the shift much later."""
    is_known_too_late = shift.known_since - shift.start > KNOWN_TOO_LATE
    if not timers.shift_brief or is_known_too_late or Occurrence(BRIEF, "once") in shift.told:
        return None
    return Timer(subject=shift.subject, occurrence=Occurrence(BRIEF, "once"), due_at=shift.start)


def _overload(shift: Shift) -> Timer | None:
    if shift.overload is None or Occurrence(OVERLOAD, "once") in shift.told:
        return None
    return Timer(subject=shift.subject, occurrence=Occurrence(OVERLOAD, "once"), due_at=shift.overload.at)


def _broken_night(shift: Shift) -> Timer | None:
    night = shift.nights[-1] if shift.nights else None
    if night is None or night_name(night) in shift.told:
        return None
    return Timer(subject=shift.subject, occurrence=night_name(night), due_at=night.at)


def night_name(night: BrokenNight) -> Occurrence:
    """Return the occurrence of the offer after this night."""
    return Occurrence(NIGHT, f"{night.at.astimezone(UTC):%Y%m%dT%H%M%SZ}")


def knowing(shift: Shift, policy: Policy) -> Shift:
    """Return the shift without the warning due now, because this person has just accepted the shift."""
    due = [
        it for it in shift_agenda(shift, policy) if it.reminder == WARNING and it.due_at <= shift.known_since
    ]
    silent = {it.occurrence: SentReminder(at=it.due_at, silent=True) for it in due}
    return replace(shift, told={**shift.told, **silent})


def lead_name(lead: timedelta) -> str:
    """Return a short name for a lead time: 7d, 1d, 1h, 90m, or start."""
    if not lead:
        return START
    minutes = int(lead.total_seconds()) // 60
    for unit, length in (("d", 1440), ("h", 60)):
        if minutes % length == 0:
            return f"{minutes // length}{unit}"
    return f"{minutes}m"


def before(moment: datetime, lead: timedelta, zone: str) -> datetime:
    """Subtract a lead time.

    Whole days use the person's calendar, so 9:00 stays 9:00 when clocks change. Returns UTC.
    """
    if lead % timedelta(days=1):
        return moment - lead
    local = moment.astimezone(ZoneInfo(zone))
    return (local - lead).astimezone(UTC)


def overlapping(shifts: Iterable[Shift], start: datetime, end: datetime) -> Sequence[Shift]:
    """Return the shifts that overlap the time from `start` to `end`."""
    return [shift for shift in shifts if shift.start < end and shift.end > start]
