"""A change of a running system: a deploy, a merge, a flag. Webhooks or people report it; it is kept for 30 days.

A source may report one change several times (a deployment, then its result). All reports share one key and form one
change. The newest report counts, in whatever order they arrive.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.changes.events import ChangeSuspected
from bot.domain.incident.incident import Incident

KEPT = timedelta(days=30)
LOOKED_BACK = timedelta(hours=1)
"""How far before the impact Spy looks for changes, unless somebody asks for more (issue 5)."""


TOOL, HAND = "tool", "hand"
"""Sources: any tool that calls the changes webhook, and a person. A vendor's source is its key in config.yaml."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change, with times in UTC: its start, its latest report (`as_of`), and its receipt (`heard_at`).

    `author` is a name from the source, or a Slack id for a change entered by hand. `kind` and `outcome` are the
    source's words: deploy, push, merge, release, …; success, failure, ….
    """

    number: int = 0
    """The number by which people refer to it; 0 until it is stored."""
    key: str
    """The same for all reports of one change."""
    source: str
    kind: str
    service: str | None
    title: str
    happened_at: datetime
    as_of: datetime
    heard_at: datetime
    url: str | None = None
    author: str | None = None
    ref: str | None = None
    outcome: str | None = None
    only_in: int | None = None
    """The private incident in whose channel it was entered. Nobody else sees it."""

    def is_seen_in(self, incident: int | None) -> bool:
        """Whether it may be shown in this incident, or (None) outside of incidents."""
        return self.only_in in {None, incident}

    def updated_by(self, news: "Change") -> "Change":
        """Return the change with one more report. It keeps its number, and every field that has no newer value."""
        began = min(self.happened_at, news.happened_at)
        older, newer = (self, news) if self.reported_before(news) else (news, self)
        return replace(
            newer,
            number=self.number,
            happened_at=began,
            as_of=max(self.as_of, news.as_of),
            heard_at=self.heard_at,
            url=newer.url or older.url,
            author=newer.author or older.author,
            ref=newer.ref or older.ref,
            outcome=newer.outcome or older.outcome,
        )

    def reported_before(self, news: "Change") -> bool:
        """Whether `news` takes precedence. A merge beats its push; otherwise the later report wins."""
        if (self.kind == MERGE) != (news.kind == MERGE):
            return news.kind == MERGE
        return self.as_of <= news.as_of


DEPLOY, PUSH, MERGE, RELEASE, WORKFLOW, OTHER = "deploy", "push", "merge", "release", "workflow", "change"


@dataclass(frozen=True, kw_only=True)
class ChangeWindow:
    """The time (UTC) to look for changes in: they began before `until` and were not over before `since`."""

    since: datetime
    until: datetime

    def holds(self, change: Change) -> bool:
        return change.happened_at <= self.until and change.as_of >= self.since


def before_impact(incident: Incident, span: timedelta = LOOKED_BACK) -> ChangeWindow:
    """Return the window before the impact began or came back. Without a known start, use the declaration."""
    began = incident.impact_since or incident.declared_at
    if incident.reopened_at:
        began = max(began, incident.reopened_at)
    return ChangeWindow(since=began - span, until=began)


def suspect(incident: Incident, change: Change, *, by: str, at: datetime) -> ChangeSuspected | None:
    """Return the event that marks a change as suspect, or None if it is marked already."""
    if any(it.change == change.number for it in incident.suspects):
        return None
    return ChangeSuspected(
        at=at,
        by=by,
        change=change.number,
        title=change.title,
        url=change.url,
        service=change.service,
        happened_at=change.happened_at,
    )
