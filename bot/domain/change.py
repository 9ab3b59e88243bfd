"""A change of a running system: a deploy, a merge, a flag; heard of by webhook or said by hand, kept 30 days.

A source may speak of one change several times (a deployment, then how it went): all of it is one change, under one
key. What was learnt last counts, in whatever order it arrives.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.events import ChangeSuspected
from bot.domain.incident import Incident

KEPT = timedelta(days=30)
LOOKED_BACK = timedelta(hours=1)
"""How far before the impact a change is looked for, unless somebody asks for more (issue 5)."""

TITLE, WORD, URL = 300, 80, 500
"""The most letters that are kept of a title, of a short word and of an address; a longer address is left out."""

_UNSEEN = re.compile(r"[^\x20-\x7e\xa0-\ud7ff\ue000-\U0010ffff]")
"""Control characters, and halves of surrogate pairs, which no database keeps."""
_ADDRESS = re.compile(r"https?://[\x21-\x7e\xa1-\ud7ff\ue000-\U0010ffff]+")
_UNSAYABLE = re.compile(r"[^a-z0-9._-]+")
_SERVICE = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")


class ChangeSource(StrEnum):
    GITHUB = "github"
    PAGERDUTY = "pagerduty"
    TOOL = "tool"
    """Whatever calls the changes webhook."""
    HAND = "hand"


@dataclass(frozen=True, kw_only=True)
class Change:
    """`happened_at` is when it began, `as_of` the moment of the last news of it, `heard_at` when Spy was told (UTC).

    `author` is a name as the source knows it, by hand a Slack id. `kind` and `outcome` are the source's words for it:
    deploy, push, merge, release, …; success, failure, ….
    """

    number: int = 0
    """Spy's own, by which people mark it; 0 until it is kept."""
    key: str
    """The same for all that is said of one change."""
    source: ChangeSource
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
    """The private incident in whose channel it was told: nobody else sees it."""

    def is_seen_in(self, incident: int | None) -> bool:
        """Whether it may be shown in this incident, or (None) outside of any."""
        return self.only_in in {None, incident}

    def told_again(self, news: "Change") -> "Change":
        """Tell the change as it is once this was heard too; it keeps its number, and what nothing newer was said of."""
        began = min(self.happened_at, news.happened_at)
        older, newer = (self, news) if self.said_before(news) else (news, self)
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

    def said_before(self, news: "Change") -> bool:
        """Whether the other says more: a merge names what its push only carries, else the later word counts."""
        if (self.kind == MERGE) != (news.kind == MERGE):
            return news.kind == MERGE
        return self.as_of <= news.as_of


DEPLOY, PUSH, MERGE, RELEASE, WORKFLOW, OTHER = "deploy", "push", "merge", "release", "workflow", "change"


@dataclass(frozen=True, kw_only=True)
class ChangeWindow:
    """The time in which a change is looked for: it began before `until`, and was not over before `since` (UTC)."""

    since: datetime
    until: datetime

    def holds(self, change: Change) -> bool:
        return change.happened_at <= self.until and change.as_of >= self.since


def before_impact(incident: Incident, span: timedelta = LOOKED_BACK) -> ChangeWindow:
    """Look back from when the impact began, or came back; while nobody has said when, from the declaration."""
    began = incident.impact_since or incident.declared_at
    if incident.reopened_at:
        began = max(began, incident.reopened_at)
    return ChangeWindow(since=began - span, until=began)


def suspect(incident: Incident, change: Change, *, by: str, at: datetime) -> ChangeSuspected | None:
    """Mark a change as suspect; None when it is marked already."""
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


# --- what a source says, made fit to keep -----------------------------------------------------------------


def service_name(words: str) -> str | None:
    """Make a service's name of what a source calls it: small letters, digits, `. _ -`; None where nothing is left."""
    name = _UNSAYABLE.sub("-", words.strip().removeprefix(":").casefold()).strip("-._")[:WORD]
    return name or None


def is_service_name(word: str) -> bool:
    """Whether somebody may have typed a service's name."""
    return bool(_SERVICE.fullmatch(word.removeprefix(":").casefold()))


def one_line(words: str, most: int = TITLE) -> str:
    """Put words on one line that any database keeps, cut to so many letters."""
    line = " ".join(_UNSEEN.sub(" ", words).split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def address(url: str | None) -> str | None:
    """Keep a web address; anything else, or one too long to show, is left out."""
    return url if url and len(url) <= URL and _ADDRESS.fullmatch(url) else None
