"""What was published of a component, and the drafts from which it came. Nothing published is ever changed."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import NAMESPACE_URL, uuid5

from bot.domain.incident.incident import Incident
from bot.domain.incident.state import Phase
from bot.domain.markup import MENTION
from bot.domain.refusal import Refusal
from bot.domain.status.component import Colour, Component, ComponentState, Level
from bot.domain.timer import milliseconds

LONGEST = 2_000
"""The most characters of a publication: customers read a few sentences."""
_INCIDENT = re.compile(r"\binc[\s#-]*\d+\b", re.IGNORECASE)
_MARKUP = re.compile(r"<(?:[@#!]|[a-z][a-z0-9+.-]*:)[^<>]*>")


class Stage(StrEnum):
    """How far the work is, as status pages name it."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"


STAGES = {
    Phase.IDENTIFIED: Stage.IDENTIFIED,
    Phase.MITIGATED: Stage.MONITORING,
    Phase.MONITORING: Stage.MONITORING,
}
"""The stage of a phase. Every other one of an open incident is still investigated."""


def stage_of(level: Level, incident: Incident | None, *, before: "Publication | None" = None) -> Stage:
    """Return the stage that is published with a state: it is resolved once the component works.

    It follows the incident. Without one it stays as it was published `before` in the same trouble.
    """
    if level is Level.OPERATIONAL:
        return Stage.RESOLVED
    if level is Level.MAINTENANCE:
        return Stage.IDENTIFIED
    if incident:
        return STAGES.get(incident.phase, Stage.INVESTIGATING)
    return Stage.INVESTIGATING if before is None or before.is_over else before.stage


@dataclass(frozen=True, kw_only=True)
class Publication:
    """One thing that customers were told. It keeps the titles of its time, so that the history stays true.

    `by` and `incident` are for the organisation alone. `thread` is the number of the publication with which this
    trouble of the component began.
    """

    number: int
    component: str
    title: str
    group: str = ""
    state: str
    state_title: str
    level: Level
    colour: Colour
    red: bool
    stage: Stage
    words: str
    at: datetime
    by: str
    incident: int | None = None
    thread: int
    since: datetime
    """When the thread began (UTC)."""
    report: str | None = None
    """The id of the report at the hosted page that has it, once it is there."""

    @property
    def mark(self) -> str:
        """Return a name that no publication of another Spy has."""
        return f"{self.number}-{milliseconds(self.at)}"

    @property
    def ident(self) -> str:
        """Return its id in a feed. It never changes."""
        return uuid5(NAMESPACE_URL, f"{self.component}/{self.mark}").urn

    @property
    def is_over(self) -> bool:
        """Whether the component worked again with it."""
        return self.level is Level.OPERATIONAL


@dataclass(frozen=True, kw_only=True)
class StatusDraft:
    """A preview: what somebody is about to publish. `after` is the component's last publication at that time, or 0."""

    number: int
    component: str
    state: str
    words: str
    by: str
    at: datetime
    stage: Stage
    incident: int | None = None
    after: int = 0
    published_as: int | None = None
    published_by: str | None = None
    published_at: datetime | None = None

    def published(self, publication: Publication) -> "StatusDraft":
        return replace(
            self,
            published_as=publication.number,
            published_by=publication.by,
            published_at=publication.at,
        )


def publish(
    draft: StatusDraft,
    *,
    number: int,
    component: Component,
    state: ComponentState,
    before: Publication | None,
    by: str,
    at: datetime,
) -> Publication:
    """Return what a draft becomes. `before` is what was published of the component last."""
    is_new = before is None or before.is_over
    return Publication(
        number=number,
        component=component.key,
        title=component.title,
        group=component.group,
        state=state.key,
        state_title=state.title,
        level=state.level,
        colour=state.colour,
        red=state.red,
        stage=draft.stage,
        words=draft.words,
        at=at,
        by=by,
        incident=draft.incident,
        thread=number if is_new or before is None else before.thread,
        since=at if is_new or before is None else before.since,
    )


def must_be_for_customers(words: str, incident: Incident | None) -> str:
    """Return words that may leave the organisation. Refuse people, channels, incidents and what is too long."""
    text = words.strip()
    if not text:
        raise Refusal("Write what customers are to read.", slot="words")
    if len(text) > LONGEST:
        raise Refusal(
            f"At most {LONGEST:,} characters can be published; this has {len(text):,}.", slot="words"
        )
    if MENTION.search(text):
        raise Refusal(
            "This names a person, and customers will read it. Write it without the name.", slot="words"
        )
    if _MARKUP.search(text):
        raise Refusal(
            "This has a channel or a group of Slack in it, which customers can't see. Write it without.",
            slot="words",
        )
    if found := _INCIDENT.search(text):
        raise Refusal(
            f"This names the incident ({found[0]}), and customers will read it. Write it without the number.",
            slot="words",
        )
    if incident and incident.private and incident.name.casefold() in text.casefold():
        raise Refusal(
            f"This has the name of {incident.id} in it, which is private. Say it in other words.",
            slot="words",
        )
    return text
