"""The facts of a postmortem, read from the database: for its document and for messages in the channel."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from bot.domain.effects import UpsertMessage
from bot.domain.incident.incident import Incident
from bot.domain.incident.timeline import KEPT, Entry, LineHistory, histories, line, visible
from bot.domain.oncall.load import KINDS, CommandPeriod, command_periods
from bot.domain.paging.page import Page
from bot.domain.postmortem.follow_up import Category, FollowUp
from bot.domain.postmortem.postmortem import missing
from bot.domain.postmortem.statistics import Bar, bars, clocks, counted_kinds, updates
from bot.domain.runbook.events import RunbookOpened
from bot.domain.status.events import StatusPublished
from bot.domain.timer import named
from bot.services.messages import Facts, message
from bot.services.people import People
from bot.services.postmortem.follow_ups import FollowUps
from bot.services.postmortem.lifecycle import PostmortemLifecycle
from bot.services.transaction import Transaction

MOST_LINES = 120
"""The most lines of a timeline that people can still read. The full log has the rest."""
MAJOR = frozenset(
    {
        "declared",
        "severity_set",
        "phase_changed",
        "command_taken",
        "impact_stated",
        "cause_suspected",
        "change_suspected",
        "page_acknowledged",
        "page_escalated",
        "page_failed",
        "resolved",
        "reopened",
        "cancelled",
        "review_closed",
    }
)
POSTMORTEM = frozenset(
    {"follow_up_added", "follow_up_done", "follow_up_reopened", "nothing_needed", "review_closed"}
)
"""Kinds that appear elsewhere in the document."""
SUSPECT, CLEARED = "change_suspected", "change_cleared"
ROWS = ("Phases", "Command", "Pages", "Updates")
_IDS = re.compile(r"\b[UWCG][A-Z0-9]{2,}\b")


class Documents:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session
        self._lifecycle = PostmortemLifecycle(tx)

    # --- for the document ---

    def document(self, incident: Incident) -> Facts:
        """Return all facts of the document. Entries of the timeline are in the form their templates need."""
        n, entries = incident.number, self._session.timeline.of(incident.number)
        known = histories(entries)
        pages = self._session.pages.of(n)
        until = incident.resolved_at or self._tx.now
        shown = visible(entries)
        incident = as_corrected(incident, shown)
        lines = [
            it for it in shown if it.visibility == KEPT or not (it.event.is_minor or it.kind in POSTMORTEM)
        ]
        visibility = _most_telling(lines)
        led = _merged_periods(command_periods([it for it in entries if it.kind in KINDS], now=until))
        return {
            **self.state(incident),
            "clocks": clocks(incident, entries, now=self._tx.now),
            "lasted": incident.lasted(self._tx.now),
            "pages": pages,
            "updates": updates(entries),
            "led": led,
            "people": _people(incident, shown, led),
            "picture": _rows(self.picture(incident, entries, pages)),
            "days": _by_day(visibility, known),
            "left_out": len(lines) - len(visibility),
            "handovers": [line(it) for it in shown if it.kind == "command_taken" and it.data["before"]],
            "suspects": [_change(it) for it in _suspected(shown)],
            "published": [line(it, known) for it in shown if it.kind == StatusPublished.kind()],
            "runbooks": [line(it) for it in shown if it.kind == RunbookOpened.kind()],
            "changes": [_change(it) for it in _by_change(shown).values()],
            "images": [line(it, known) for it in shown if it.kind == "image_shared"],
            "entries": _log(entries, known),
            "edits": {it.kind: known[it.seq].shown for it in shown if it.supersedes},
        }

    def picture(self, incident: Incident, entries: Sequence[Entry], pages: Sequence[Page]) -> list[Bar]:
        people = {entry.actor for entry in entries} | {str(it.data.get("commander")) for it in entries}
        people |= {page.person for page in pages}
        names = {it: People(self._tx).name(it) or it for it in filter(None, people)}
        return bars(incident, entries, pages, names=names, now=self._tx.now)

    def names(self, facts: Facts) -> Callable[[str], str | None]:
        """Return a function from Slack ids to names, for rendering outside of this transaction."""
        spoken_of = set(_IDS.findall(str(facts)))
        known = {person: People(self._tx).name(person) for person in spoken_of}
        return known.get

    # --- for the channel ---

    def due(self, incident: Incident) -> datetime | None:
        """Return when the postmortem is due (UTC); None if none is needed."""
        return self._lifecycle.due(self._lifecycle.of(incident.number), incident)

    def state(self, incident: Incident) -> Facts:
        """Return its state: owner, due time, what is missing, and the follow-ups by category."""
        postmortem = self._lifecycle.of(incident.number)
        follow_ups = self._session.follow_ups.of(incident.number)
        suspects = len(_suspected(self._session.timeline.among([incident.number], [SUSPECT, CLEARED])))
        return {
            "incident": incident,
            "postmortem": postmortem,
            "owner": postmortem.owned_by(incident),
            "due": self._lifecycle.due(postmortem, incident),
            "missing": missing(postmortem, incident, follow_ups, suspects=suspects),
            "follow_ups": _by_category(follow_ups),
            "repository": self._repository(incident),
            "now": self._tx.now,
        }

    def _repository(self, incident: Incident) -> str | None:
        postmortem_settings = self._tx.policy.postmortem_settings
        return postmortem_settings.private_repository if incident.private else postmortem_settings.repository

    def preview(self, incident: Incident) -> Facts:
        """Return its state with a few numbers: a short preview of the document for the channel."""
        timeline = self._session.timeline
        entries = timeline.among([incident.number], counted_kinds())
        return {
            **self.state(incident),
            "clocks": clocks(incident, entries, now=self._tx.now),
            "lasted": incident.lasted(self._tx.now),
            "updates": updates(entries),
            "pages": self._session.pages.of(incident.number),
            "lines": len(timeline.visible(incident.number)),
        }


# --- reading the timeline ---------------------------------------------------------------------------------


def as_corrected(incident: Incident, shown: Iterable[Entry]) -> Incident:
    """Return the incident with the edited words of the timeline as its impact, cause and resolution."""
    sent = {it.kind: it.text for it in shown if it.supersedes}
    return replace(
        incident,
        impact=sent.get("impact_stated", incident.impact),
        cause=sent.get("cause_suspected", incident.cause),
        resolution=sent.get("resolved", incident.resolution),
    )


def _suspected(entries: Iterable[Entry]) -> list[Entry]:
    """Return the latest entry of each change that is still suspected."""
    return [it for it in _by_change(entries).values() if it.kind == SUSPECT]


def _by_change(entries: Iterable[Entry]) -> dict[object, Entry]:
    """Return the latest entry of each change."""
    return {it.data.get("change", it.seq): it for it in entries if it.kind in {SUSPECT, CLEARED}}


def _change(entry: Entry) -> dict[str, Any]:
    """Return a change as facts. Fields that the entry lacks are None."""
    facts = {"title": entry.text, "url": None, "service": None, "happened_at": None, **line(entry)}
    return {**facts, "title": facts["title"] or entry.text or "a change"}


def _log(entries: Iterable[Entry], known: Mapping[int, LineHistory]) -> list[dict[str, Any]]:
    kept = list(entries)
    gone = {entry.supersedes for entry in kept}
    in_order = sorted(kept, key=lambda it: (it.occurred_at, it.seq))
    return [
        {
            **line(it, known),
            "visibility": it.visibility,
            "is_superseded": it.seq in gone,
            "marks": known[it.seq].marks,
        }
        for it in in_order
    ]


def _most_telling(lines: Sequence[Entry]) -> list[Entry]:
    """Cut a timeline that is too long: first lines that people marked, then major events, then the earliest others."""
    ranked = sorted(
        lines, key=lambda it: (it.visibility != KEPT, it.kind not in MAJOR, it.occurred_at, it.seq)
    )
    return sorted(ranked[:MOST_LINES], key=lambda it: (it.occurred_at, it.seq))


def _by_day(entries: Iterable[Entry], known: Mapping[int, LineHistory]) -> list[tuple[str, list[Facts]]]:
    lines = [line(entry, known) for entry in entries]
    days = groupby(lines, key=lambda it: it["at"].astimezone(UTC).date())
    return [(f"{day.day} {day:%B %Y}", list(them)) for day, them in days]


def _merged_periods(found: Iterable[CommandPeriod]) -> list[CommandPeriod]:
    """Leave out spells of zero length, such as the one at the declaration."""
    return [period for period in found if period.end > period.start]


def _people(incident: Incident, shown: Iterable[Entry], led: Iterable[CommandPeriod]) -> list[Facts]:
    """Return who took part, with their time in command and their number of timeline lines."""
    lines = Counter(entry.actor for entry in shown if entry.actor)
    hours: dict[str, timedelta] = {}
    for period in led:
        hours[period.person] = hours.get(period.person, timedelta()) + period.end - period.start
    everybody = dict.fromkeys((*incident.members, *incident.roles.values(), *hours, *lines))
    people = [{"person": it, "led": hours.get(it), "lines": lines[it]} for it in everybody]
    return sorted(people, key=lambda it: (-(it["led"] or timedelta()), -it["lines"], it["person"]))


def _rows(found: Iterable[Bar]) -> list[tuple[str, list[Bar]]]:
    every = list(found)
    rows = ((row, [bar for bar in every if bar.row == row]) for row in ROWS)
    return [(row, them) for row, them in rows if them]


def _by_category(follow_ups: Sequence[FollowUp]) -> list[tuple[str, list[FollowUp]]]:
    sorted_ones = [(it.value, [one for one in follow_ups if one.category is it]) for it in Category]
    rest = [one for one in follow_ups if one.category is None]
    return [*sorted_ones, *([("no category yet", rest)] if rest else [])]


# --- the lasting messages ---------------------------------------------------------------------------------


def _is_owed(facts: Facts) -> bool:
    return facts["postmortem"].closed_at is None and not facts["incident"].is_open


@message("review", "postmortem/review", is_worth_posting=_is_owed)
def review(tx: Transaction, it: UpsertMessage) -> Facts:
    """Return the facts of a postmortem reminder."""
    sent = named(PostmortemLifecycle(tx).of(it.ref).told, it.facts["occurrence"])
    return {**Documents(tx).state(tx.incident(it.ref)), "said": sent}


def _is_to_do(facts: Facts) -> bool:
    found = facts["follow_up"]
    return found is not None and found.done_at is None


@message("follow_up", "postmortem/follow_up", is_worth_posting=_is_to_do)
def follow_up(tx: Transaction, it: UpsertMessage) -> Facts:
    """Return the facts of a follow-up reminder."""
    found = tx.session.follow_ups.get(it.ref)
    incident = tx.incident(found.incident) if found else None
    sent = named(found.told, it.facts["occurrence"]) if found else None
    return {"follow_up": found, "incident": incident, "said": sent, "now": tx.now}


@message("digest", "postmortem/digest", is_worth_posting=lambda facts: bool(facts["follow_ups"]))
def digest(tx: Transaction, it: UpsertMessage) -> Facts:
    """Return the facts of a person's weekly digest."""
    person, follow_ups = str(it.to), FollowUps(tx)
    todo = follow_ups.todo(person)
    overdue = follow_ups.overdue(todo, reader=person)
    return {"person": person, "follow_ups": todo, "overdue": overdue}
