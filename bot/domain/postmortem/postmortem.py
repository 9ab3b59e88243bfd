"""A postmortem: who owes it and until when, what people have written, and what is missing."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.domain.event import Event
from bot.domain.incident import events as incident_events
from bot.domain.incident.incident import Incident
from bot.domain.incident.state import Phase
from bot.domain.oncall.shift import SentReminder
from bot.domain.policy import Policy
from bot.domain.postmortem import events
from bot.domain.postmortem.claims.statement import Statement
from bot.domain.postmortem.deadline import DAY, awake, deadline
from bot.domain.postmortem.follow_up import Category, Filed, FollowUp
from bot.domain.refusal import Choice, Refusal
from bot.domain.subject import Address, Occurrence, Subject
from bot.domain.text import shortened
from bot.domain.timer import Timer, milliseconds

OWED = "postmortem"
ARCHIVE = "archive"
HALF_TIME, DAY_BEFORE, DUE = "half", "day", "due"

PARTS: Mapping[str, str] = {
    "summary": "what happened, in two sentences",
    "trigger": "what triggered it",
    "conditions": "what made it possible or worse",
    "causes": "what was wrong",
    "surprised": "what surprised us",
    "helped": "what helped",
    "hindered": "what hindered",
    "lucky": "where we were lucky",
    "public": "the public message",
}
"""The sections that only people can write, and the question that each answers."""
SECTIONS: Mapping[str, str] = {
    "summary": "summary",
    **dict.fromkeys(("trigger", "conditions", "causes"), "unfolded"),
    "surprised": "surprised",
    **dict.fromkeys(("helped", "hindered", "lucky"), "learned"),
    "public": "public",
}
"""The section of the document that shows each part."""
_BECAUSE = re.compile(r"\A\s*because\b[\s:,.…]*", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Postmortem:
    """The state of a postmortem.

    Without an `owner` it is the commander's; without a `due` the settings decide.
    """

    incident: int
    owner: str | None = None
    due: datetime | None = None
    parts: Mapping[str, str] = field(default_factory=dict)
    written_by: Mapping[str, str] = field(default_factory=dict)
    """Who last wrote each part (Slack id), by part."""
    nothing: Mapping[str, str] = field(default_factory=dict)
    """Why a category has no follow-ups, by category."""
    closed_at: datetime | None = None
    closed_by: str | None = None
    archive_at: datetime | None = None
    """When its channel is archived, once that is announced."""
    keeps_channel: bool = False
    """Whether the channel stays: somebody said so, or it is archived already."""
    filed: Filed | None = None
    exported_at: datetime | None = None
    edited_by_people: tuple[str, ...] = ()
    """The keys of the sections that people edited in the tracker. Spy does not change them."""
    pages: int = 0
    """How many comments hold the full log, if it did not fit into the issue."""
    copied: str | None = None
    """The URL of the pull request with the copy."""
    copied_without: tuple[str, ...] = ()
    """The paths of files that the other repository refused."""
    without: tuple[str, ...] = ()
    """What the tracker left out of its issue, in readable form."""
    told_without: tuple[str, ...] = ()
    """Those left-out parts, of the issue and its follow-ups', that were reported already."""
    statements: tuple[Statement, ...] = ()
    """The sentences in its issue that people wrote there, and that may state what Spy knows."""
    read_at: datetime | None = None
    """When the issue was last read for them (UTC)."""
    named: tuple[str, ...] = ()
    """The sentences that its comment names: the timeline contradicts them."""
    told: Mapping[Occurrence, SentReminder] = field(default_factory=dict)
    told_to: Mapping[Occurrence, Address] = field(default_factory=dict)
    """Who was reminded, by occurrence. The owner may have changed since."""

    @property
    def subject(self) -> Subject:
        return Subject("postmortem", str(self.incident))

    def owned_by(self, incident: Incident) -> str:
        return self.owner or incident.owner

    # --- decisions ---

    def write(self, part: str, words: str, *, by: str, at: datetime) -> events.PartWritten:
        if part not in PARTS:
            known = ", ".join(PARTS)
            raise Refusal(f"A postmortem has no part {shortened(part)}. Parts: {known}.", slot="part")
        return events.PartWritten(
            at=at,
            by=by,
            part=part,
            words=words,
            before=self.parts.get(part, ""),
            before_by=self.written_by.get(part),
        )

    def need_nothing(
        self, category: Category, because: str, *, by: str, at: datetime
    ) -> events.NothingNeeded:
        reason = _BECAUSE.sub("", because).strip()
        if not reason:
            raise Refusal(
                f'Why does {category} need none? Try `postmortem none {category} "because …"`.',
                slot="because",
            )
        return events.NothingNeeded(at=at, by=by, category=category.value, because=reason)

    def close(
        self, incident: Incident, follow_ups: Sequence[FollowUp], *, by: str, at: datetime
    ) -> events.ReviewClosed:
        """Return the end of the review. Refuses while a category has neither a follow-up nor a reason for none."""
        if incident.is_open:
            raise Refusal(
                f"{incident.id} is still open. Resolve it first with `incident resolve`, then close its review."
            )
        if self.closed_at:
            raise Refusal(f"The review of {incident.id} is closed already.")
        if empty := list(unanswered(self, follow_ups)):
            names = ", ".join(empty)
            raise Refusal(
                f"These have no follow-up yet: {names}. Add one "
                f'(`incident action "…" {empty[0]}`), or say why there is none: '
                f'`postmortem none {empty[0]} "because …"`.',
                choices=tuple(
                    Choice(label=f"None for {name}", say=f"inc-{incident.number} postmortem none {name}")
                    for name in empty
                ),
            )
        return events.ReviewClosed(at=at, by=by)

    # --- applying events ---

    def after(self, event: Event) -> "Postmortem":  # noqa: PLR0911  a table
        match event:
            case events.PartWritten():
                return replace(
                    self,
                    parts={**self.parts, event.part: event.words},
                    written_by={**self.written_by, event.part: event.by or ""},
                )
            case events.NothingNeeded():
                return replace(self, nothing={**self.nothing, event.category: event.because})
            case events.ReviewClosed():
                return replace(self, closed_at=event.at, closed_by=event.by)
            case incident_events.Reopened():
                return replace(self, closed_at=None, closed_by=None, due=None, archive_at=None)
            case events.ArchivePlanned():
                return replace(self, archive_at=event.until)
            case events.ChannelKept():
                return replace(self, keeps_channel=True)
            case events.PostmortemPlanned():
                return replace(self, owner=event.owner, due=event.due)
            case events.PostmortemExported():
                before = self.filed.milestone if self.filed else None
                filed = Filed(
                    repository=event.repository,
                    number=event.number,
                    url=event.url,
                    assignee=event.assignee,
                    milestone=event.milestone or before,
                )
                return replace(self, filed=filed, exported_at=event.at)
        return self

    def after_sending(self, timer: Timer, *, to: Address, at: datetime) -> "Postmortem":
        sent = SentReminder(at=at, late=timer.is_late(at))
        return replace(
            self,
            told={**self.told, timer.occurrence: sent},
            told_to={**self.told_to, timer.occurrence: to},
        )


# --- due times --------------------------------------------------------------------------------------------


def due_by(postmortem: Postmortem, incident: Incident, policy: Policy, *, zone: str) -> datetime | None:
    """Return when it is due (UTC): as people set it, else by severity, counted from the resolution.

    The defaults are PagerDuty's: three calendar days for sev1, five business days for sev2. Other severities, false
    alarms, drills and incidents that were merged need none.
    """
    needs_none = incident.phase in {Phase.FALSE_ALARM, Phase.MERGED} or incident.drill
    if postmortem.due or incident.resolved_at is None or needs_none:
        return postmortem.due
    grace = policy.timers.postmortem_due.get(incident.severity or "")
    return deadline(incident.resolved_at, grace, zone) if grace else None


def postmortem_agenda(
    postmortem: Postmortem, incident: Incident, policy: Policy, *, zone: str
) -> list[Timer]:
    """Return the next reminder: at half-time, a day before the due time, at the due time, and daily after it."""
    if timer := archive_timer(postmortem, incident, policy, zone=zone):
        return [timer]
    due = due_by(postmortem, incident, policy, zone=zone)
    if due is None or postmortem.closed_at or incident.phase is not Phase.RESOLVED or incident.drill:
        return []
    since = max([incident.resolved_at or due, *(told.at for told in _sent_for(postmortem, due))])
    grace = policy.timers.postmortem_due.get(incident.severity or "")
    weekdays = bool(grace and grace.business)
    for name, moment in _occurrences(incident.resolved_at or due, due, since):
        at = awake(moment, zone, policy.timers, weekdays=weekdays)
        if at > since:
            occurrence = Occurrence(OWED, milliseconds(due), name)
            return [Timer(subject=postmortem.subject, occurrence=occurrence, due_at=at)]
    return []


def archive_timer(postmortem: Postmortem, incident: Incident, policy: Policy, *, zone: str) -> Timer | None:
    """Return when the channel is announced to be archived, a day before, or when it is archived; None if it stays."""
    after, closed_at = policy.resolution.archive_channels, postmortem.closed_at
    is_there = incident.channel is not None and incident.channel_closed is None
    if after is None or closed_at is None or incident.is_open or postmortem.keeps_channel or not is_there:
        return None
    if postmortem.archive_at:
        occurrence = Occurrence(ARCHIVE, milliseconds(postmortem.archive_at), DUE)
        return Timer(subject=postmortem.subject, occurrence=occurrence, due_at=postmortem.archive_at)
    announced_at = awake(closed_at + after - DAY, zone, policy.timers, weekdays=True)
    occurrence = Occurrence(ARCHIVE, milliseconds(closed_at), DAY_BEFORE)
    return Timer(subject=postmortem.subject, occurrence=occurrence, due_at=announced_at)


def _sent_for(postmortem: Postmortem, due: datetime) -> Iterator[SentReminder]:
    return (told for it, told in postmortem.told.items() if it.cycle == milliseconds(due))


def _occurrences(start: datetime, due: datetime, since: datetime) -> Iterator[tuple[str, datetime]]:
    yield HALF_TIME, start + (due - start) / 2
    yield DAY_BEFORE, due - DAY
    yield DUE, due
    passed = max(since - due, timedelta()) // DAY
    for days in range(passed + 1, passed + 5):  # enough to reach past a weekend
        yield f"late{days}", due + days * DAY


# --- missing parts ----------------------------------------------------------------------------------------


def unanswered(postmortem: Postmortem, follow_ups: Sequence[FollowUp]) -> Iterator[str]:
    """Return the categories that have neither a follow-up nor a reason for none."""
    there = {it.category for it in follow_ups}
    return (it.value for it in Category if it not in there and it.value not in postmortem.nothing)


def missing(
    postmortem: Postmortem, incident: Incident, follow_ups: Sequence[FollowUp], *, suspects: int = 0
) -> list[str]:
    """Return what the document still lacks. `suspects` is how many changes are marked as suspect."""
    lacks = [part for part in PARTS if part not in postmortem.parts]
    if incident.cause or suspects:
        lacks.remove("causes") if "causes" in lacks else None
    if not incident.impact:
        lacks.insert(0, "impact")
    open_ones = [it for it in follow_ups if it.is_open]
    return [
        *lacks,
        *unanswered(postmortem, follow_ups),
        *(f"an owner of follow-up {it.number}" for it in open_ones if it.owner is None),
        *(f"a due date of follow-up {it.number}" for it in open_ones if it.due is None),
        *(f"the category of follow-up {it.number}" for it in open_ones if it.category is None),
    ]
