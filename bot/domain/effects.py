"""What the world must hear when something has happened: event → effects, as one table.

An effect is a wish with a key. Delivery grants it once: a second try under the same key must not act twice.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any, ClassVar, Self

from bot.domain import events, failover_events
from bot.domain.incident import Incident
from bot.domain.message import Message
from bot.domain.policy import Policy
from bot.domain.subject import incident_addressed


class Urgency(IntEnum):
    """What goes first when there is a queue."""

    NOW = 0
    SOON = 1
    LATER = 2


@dataclass(frozen=True, kw_only=True)
class Effect:
    """One thing to be done outside; effects of one lane keep their order, lanes run side by side."""

    key: str
    urgency: ClassVar[Urgency] = Urgency.LATER
    label: ClassVar[str] = "A message"
    """What it is called where people read that it was not delivered; may name its fields."""

    @property
    def lane(self) -> str:
        return self.key

    @property
    def slot(self) -> str | None:
        """Effects of one slot show the present state: while one waits, a second adds nothing."""
        return None

    @property
    def needs_channel(self) -> int | None:
        """The incident whose channel must exist first."""
        return None


def incident_channel(number: int) -> str:
    """Address an incident's channel before its Slack id is known."""
    return f"incident:{number}"


# --- the incident channel ---------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class CreateChannel(Effect):
    incident: int
    urgency: ClassVar[Urgency] = Urgency.SOON
    label: ClassVar[str] = "The channel of INC-{incident}"


@dataclass(frozen=True, kw_only=True)
class ChannelEffect(Effect):
    incident: int

    @property
    def needs_channel(self) -> int:
        return self.incident


@dataclass(frozen=True, kw_only=True)
class Invite(ChannelEffect):
    people: tuple[str, ...]
    urgency: ClassVar[Urgency] = Urgency.SOON
    label: ClassVar[str] = "The invitation of {people}"

    @property
    def lane(self) -> str:
        return member(self.incident, self.people[0]) if len(self.people) == 1 else self.key


@dataclass(frozen=True, kw_only=True)
class SetTopic(ChannelEffect):
    label: ClassVar[str] = "The channel's topic"


@dataclass(frozen=True, kw_only=True)
class AddBookmark(ChannelEffect):
    """Pin a link above the channel; without a `url` it is the announcement."""

    title: str
    url: str | None = None
    label: ClassVar[str] = "The bookmark {title}"


@dataclass(frozen=True, kw_only=True)
class Welcome(ChannelEffect):
    """Give a newcomer to the channel the tldr, visible to them alone, once they are in it."""

    person: str
    label: ClassVar[str] = "The welcome of <@{person}>"

    @property
    def lane(self) -> str:
        return member(self.incident, self.person)


def member(incident: int, person: str) -> str:
    """Name the lane of one person in one incident's channel."""
    return f"member:{incident}:{person}"


@dataclass(frozen=True, kw_only=True)
class ReadMessage(Effect):
    """Read the message that a 📝 was put on, to make a note of it."""

    incident: int
    channel: str
    ts: str
    by: str
    label: ClassVar[str] = "The note from a message"


# --- messages ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class UpsertMessage(Effect):
    """See to it that the message of this message type exists and tells the present state: posted once, then edited."""

    message_type: str
    ref: int
    to: str
    mark: str = ""
    """Tells apart two messages of one message type and ref: each offer of command has a brief of its own."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What it says that can't be read afresh: which occurrence it is, since when (ISO) …"""
    permalink_of: tuple[int, int] | None = None
    """The timeline entry (incident, seq) whose link this message is, once it is posted."""
    aside: bool = False
    """Whether to show it to who leads, by DM: Slack did not take it into the incident's channel."""
    urgency: ClassVar[Urgency] = Urgency.SOON
    label: ClassVar[str] = "A message ({message_type})"

    @property
    def slot(self) -> str:
        return f"{self.message_type}:{self.ref}{self.mark}{'@aside' if self.aside else ''}"

    @property
    def lane(self) -> str:
        return f"posts:{self.to}" if self.needs_channel else self.slot

    @property
    def needs_channel(self) -> int | None:
        return incident_addressed(self.to)


@dataclass(frozen=True, kw_only=True)
class PostEvent(Effect):
    """Tell a fact once: entry `seq` of the incident's timeline. `thread_of` a slot makes it a reply there."""

    to: str
    template: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    incident: int
    seq: int
    thread_of: str | None = None
    is_needed: bool = False
    """Whether somebody must read it even when the incident is over."""

    @property
    def lane(self) -> str:
        return self.thread_of or f"posts:{self.to}"

    @property
    def needs_channel(self) -> int | None:
        return incident_addressed(self.to)


@dataclass(frozen=True, kw_only=True)
class Post(Effect):
    """Post words that are ready, once: the answer to a visible ask."""

    to: str
    message: Message
    thread: str | None = None
    asker: str | None = None
    """Who gets it by DM where the channel does not take it."""
    urgency: ClassVar[Urgency] = Urgency.SOON

    @property
    def lane(self) -> str:
        return f"posts:{self.to}"


@dataclass(frozen=True, kw_only=True)
class PostEphemeral(Effect):
    """Say something in a channel that only one person sees; to a person's own id it goes by DM."""

    to: str
    person: str
    message: Message
    thread: str | None = None
    urgency: ClassVar[Urgency] = Urgency.SOON


@dataclass(frozen=True, kw_only=True)
class Respond(Effect):
    """Answer, privately, through the `response_url` that came with a press."""

    url: str
    message: Message
    person: str | None = None
    """Who gets it by DM where the address takes it no more."""
    urgency: ClassVar[Urgency] = Urgency.SOON


@dataclass(frozen=True, kw_only=True)
class OpenForm(Effect):
    """Open a form for who asked; Slack takes the trigger once, within 3 s. `command` is said when it is sent."""

    trigger: str
    person: str
    channel: str | None
    form: str
    command: str
    incident: int | None = None
    thread: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    urgency: ClassVar[Urgency] = Urgency.NOW


@dataclass(frozen=True, kw_only=True)
class SayCommand(Effect):
    """Say a command in somebody's name, in the incident's channel: what a milestone does."""

    incident: int
    command: str
    person: str
    urgency: ClassVar[Urgency] = Urgency.SOON
    label: ClassVar[str] = "The command `{command}`"


@dataclass(frozen=True, kw_only=True)
class MeetPerson(Effect):
    """Learn the name, zone and e-mail of somebody Spy meets for the first time."""

    person: str


@dataclass(frozen=True, kw_only=True)
class Notify(Effect):
    """Tell something, rendered when it leaves: in a channel, or to one `person` there; to their own id, by DM.

    The template gets `facts`, the `incident`, and as `words` the text of a line that could not be said.
    """

    to: str
    template: str
    person: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    incident: int | None = None
    line: PostEvent | None = None
    urgency: ClassVar[Urgency] = Urgency.SOON


@dataclass(frozen=True, kw_only=True)
class Unknown(Effect):
    """An effect that this Spy can't read, since a newer one asked for it; `why` is what it can't read."""

    kind: str
    why: str
    label: ClassVar[str] = "What a newer Spy asked for ({kind})"


# --- pages ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class PageEffect(Effect):
    page: int
    urgency: ClassVar[Urgency] = Urgency.NOW

    @property
    def lane(self) -> str:
        return f"page:{self.page}"


@dataclass(frozen=True, kw_only=True)
class SendPage(PageEffect):
    label: ClassVar[str] = "Page {page}"


@dataclass(frozen=True, kw_only=True)
class AnswerPage(PageEffect):
    """Acknowledge or resolve a page in PagerDuty, from chat."""

    answer: str
    by: str
    label: ClassVar[str] = "The answer to page {page} ({answer})"

    @classmethod
    def given(cls, page: int, answer: str, *, by: str, at: datetime) -> Self:
        """Give the answer of somebody at a moment: the same one at another moment is another one."""
        key = f"answer-page:{page}:{answer}:{int(at.timestamp() * 1000)}"
        return cls(key=key, page=page, answer=answer, by=by)


@dataclass(frozen=True, kw_only=True)
class EscalatePage(PageEffect):
    """Ring the next level of its escalation policy: nobody answered."""

    level: int
    label: ClassVar[str] = "The escalation of page {page}"


@dataclass(frozen=True, kw_only=True)
class FindResponder(PageEffect):
    """Find who acknowledged a page, by PagerDuty's id of them, among the people of Slack."""

    user: str
    urgency: ClassVar[Urgency] = Urgency.SOON
    label: ClassVar[str] = "The invitation of who acknowledged page {page}"

    @property
    def lane(self) -> str:
        return self.key


@dataclass(frozen=True, kw_only=True)
class MakeOverride(Effect):
    """Put who promised to cover on call, in PagerDuty's schedule."""

    cover: int
    urgency: ClassVar[Urgency] = Urgency.SOON
    label: ClassVar[str] = "The override for cover {cover}"

    @property
    def lane(self) -> str:
        return f"cover:{self.cover}"


# --- afterwards -------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class PostmortemEffect(Effect):
    """What GitHub gets of an incident, one after the other; `by` asked for it, and hears what became of it."""

    incident: int
    by: str | None = None

    @property
    def lane(self) -> str:
        return f"postmortem:{self.incident}"


@dataclass(frozen=True, kw_only=True)
class FileFollowUp(PostmortemEffect):
    """See to it that this follow-up is an issue that tells its present state."""

    follow_up: int
    reopens: bool = False
    """Whether it was taken up again in chat: else an issue that people closed stays closed."""
    label: ClassVar[str] = "Follow-up {follow_up}, as an issue"


@dataclass(frozen=True, kw_only=True)
class ExportPostmortem(PostmortemEffect):
    """See to it that the postmortem's issue tells the present state, but for what people wrote in it."""

    label: ClassVar[str] = "The export of the postmortem"


@dataclass(frozen=True, kw_only=True)
class FileLog(PostmortemEffect):
    """Put the full log, where it did not fit into the issue (`overflow`), into its comments."""

    overflow: bool = True
    label: ClassVar[str] = "The full log of the postmortem"


@dataclass(frozen=True, kw_only=True)
class CopyPostmortem(PostmortemEffect):
    """Offer the document to another repository, by a pull request."""

    label: ClassVar[str] = "The copy of the postmortem"


# --- the table --------------------------------------------------------------------------------------------

LINE, CARD, ANNOUNCEMENT, FOLLOWERS = "line", "card", "announcement", "followers"

EVENT_EFFECTS: Mapping[type[events.Event], tuple[str, ...]] = {
    events.ChannelRefused: (LINE, ANNOUNCEMENT),
    events.SeveritySet: (LINE, CARD, ANNOUNCEMENT),
    events.PhaseChanged: (LINE, CARD, ANNOUNCEMENT),
    events.UpdatePosted: (LINE, CARD, ANNOUNCEMENT, FOLLOWERS),
    events.NoteTaken: (LINE,),
    events.ImpactStated: (LINE, CARD),
    events.CauseSuspected: (LINE, CARD),
    events.ChangeSuspected: (LINE, CARD),
    events.ChangeCleared: (LINE, CARD),
    events.LinkAdded: (LINE,),
    events.CommandTaken: (LINE, CARD, ANNOUNCEMENT),
    events.CommandOffered: (LINE,),
    events.CommandDeclined: (LINE,),
    events.RoleGiven: (LINE, CARD),
    events.PersonUnavailable: (LINE, CARD, ANNOUNCEMENT),
    events.ReliefPutOff: (LINE,),
    events.PageSent: (CARD,),
    events.PageRingsNobody: (LINE, CARD),
    events.PageAcknowledged: (CARD,),
    events.PageUnanswered: (LINE, CARD),
    events.PageRenewed: (CARD,),
    events.PageEscalated: (LINE, CARD),
    events.PageMerged: (LINE, CARD),
    events.PageResolved: (CARD,),
    events.PageDelayed: (LINE, CARD),
    events.PageFailed: (LINE, CARD),
    events.PageWithdrawn: (LINE, CARD),
    events.TeamNoticeFailed: (LINE,),
    events.Resolved: (LINE, CARD, ANNOUNCEMENT, FOLLOWERS),
    events.Reopened: (LINE, CARD, ANNOUNCEMENT, FOLLOWERS),
    events.Cancelled: (LINE, CARD, ANNOUNCEMENT, FOLLOWERS),
    events.DeliveryFailed: (LINE,),
    events.DeliveryMended: (LINE,),
    events.ChannelClosed: (ANNOUNCEMENT,),
    events.ChannelReopened: (LINE, CARD, ANNOUNCEMENT),
    events.ChannelMoved: (CARD, ANNOUNCEMENT),
    events.MadePrivate: (LINE, CARD),
    events.Snoozed: (LINE, CARD),
    events.StepPassed: (CARD,),
    events.Hushed: (LINE,),
    failover_events.FailoverBegan: (CARD,),
    failover_events.FailoverEnded: (CARD,),
    events.FollowUpAdded: (LINE,),
    events.FollowUpDone: (LINE,),
    events.FollowUpReopened: (LINE,),
    events.NothingNeeded: (LINE,),
    events.PostmortemExported: (LINE,),
    events.ReviewClosed: (LINE, CARD, ANNOUNCEMENT),
}
"""Where each fact is heard: a line in the channel, the header card, the announcement, those who follow its thread."""


def effects_of(event: events.Event, incident: Incident, policy: Policy, *, seq: int) -> list[Effect]:
    """Give the effects of a fact that is entry `seq` of the incident's timeline."""
    if isinstance(event, events.Declared):
        return _declared(incident, policy)
    heard = [_effect_at(where, event, incident, policy, seq) for where in EVENT_EFFECTS.get(type(event), ())]
    return [effect for effect in heard if effect] + _beyond(event, incident, policy, seq)


def _declared(incident: Incident, policy: Policy) -> list[Effect]:
    n = incident.number
    effects: list[Effect | None] = [
        CreateChannel(key=f"create-channel:{n}", incident=n),
        _announcement(incident, policy, origin="declared"),
        Invite(key=f"invite:{n}:declared", incident=n, people=(incident.declared_by,)),
        UpsertMessage(
            key=f"card:{n}:declared",
            message_type="card",
            ref=n,
            to=incident_channel(n),
            permalink_of=(n, 1) if incident.private else None,
        ),
        SetTopic(key=f"topic:{n}", incident=n),
        AddBookmark(key=f"bookmark:{n}:home", incident=n, title=f"{incident.id} · all incidents")
        if policy.announce and not incident.private
        else None,
    ]
    return [effect for effect in effects if effect]


def _effect_at(
    where: str, event: events.Event, incident: Incident, policy: Policy, seq: int
) -> Effect | None:
    n, kind = incident.number, event.kind()
    facts = {"e": {**asdict(event), "kind": kind, "incident": n}, "drill": incident.drill}
    if where == CARD:
        return UpsertMessage(key=f"card:{n}:{seq}", message_type="card", ref=n, to=incident_channel(n))
    if where == ANNOUNCEMENT:
        return _announcement(incident, policy, origin=str(seq))
    if where == LINE:
        return PostEvent(
            key=f"line:{n}:{seq}",
            to=incident_channel(n),
            template=f"events/{kind}",
            facts=facts,
            incident=n,
            seq=seq,
            is_needed=event.is_needed,
        )
    if incident.private or not policy.announce:
        return None
    return PostEvent(
        key=f"follow:{n}:{seq}",
        to=policy.announce,
        template=f"events/{kind}",
        facts=facts,
        incident=n,
        seq=seq,
        thread_of=f"announcement:{n}",
    )


def _announcement(incident: Incident, policy: Policy, *, origin: str) -> UpsertMessage | None:
    if incident.private or not policy.announce:
        return None
    n = incident.number
    return UpsertMessage(
        key=f"announcement:{n}:{origin}",
        message_type="announcement",
        ref=n,
        to=policy.announce,
        permalink_of=(n, 1),
    )


def _beyond(  # noqa: PLR0911  a table
    event: events.Event, incident: Incident, policy: Policy, seq: int
) -> list[Effect]:
    """Give what a few facts ask for besides being heard."""
    n = incident.number
    match event:
        case events.ChannelOpened():
            announcement = _announcement(incident, policy, origin=f"channel:{seq}")
            return [announcement] if announcement else []
        case events.CommandOffered():
            invited = _invite(n, seq, event.to)
            return [invited] if event.to == event.by else [invited, brief(n, seq, event.to)]
        case events.ChannelClosed() | events.Reopened() if incident.is_open:
            return _asked_about_channel(incident, seq)
        case events.PersonUnavailable(led=True) if incident.owner != event.person:
            return _asked_about_channel(incident, seq)
        case events.CommandTaken():
            return [_invite(n, seq, event.commander), *_asked_about_channel(incident, seq)]
        case events.RoleGiven():
            return [_invite(n, seq, event.person)]
        case events.PersonInvited():
            welcome = Welcome(key=f"welcome:{n}:{seq}", incident=n, person=event.person)
            return [_invite(n, seq, event.person), welcome]
        case events.LinkAdded():
            return [AddBookmark(key=f"bookmark:{n}:{seq}", incident=n, title=event.title, url=event.url)]
    return []


def _asked_about_channel(incident: Incident, seq: int) -> list[Effect]:
    """Let who leads know that the channel takes nothing, and ask them what to do."""
    closed = incident.channel_closed
    return [closed_channel(incident, to=incident.owner, mark=closed.mark, seq=seq)] if closed else []


def set_up_again(incident: Incident, policy: Policy, *, seq: int) -> list[Effect]:
    """Give what another channel of an incident needs: its people, its card, its topic and its bookmarks."""
    n = incident.number
    people = tuple(dict.fromkeys((incident.owner, *incident.roles.values(), *incident.members)))
    home = AddBookmark(key=f"bookmark:{n}:home:{seq}", incident=n, title=f"{incident.id} · all incidents")
    return [
        Invite(key=f"invite:{n}:{seq}:all", incident=n, people=people),
        UpsertMessage(key=f"card:{n}:{seq}:anew", message_type="card", ref=n, to=incident_channel(n)),
        SetTopic(key=f"topic:{n}:{seq}", incident=n),
        *([home] if policy.announce and not incident.private else []),
        *(
            AddBookmark(key=f"bookmark:{n}:{seq}:{at}", incident=n, title=it.title, url=it.url)
            for at, it in enumerate(incident.links)
        ),
    ]


def closed_channel(incident: Incident, *, to: str, mark: str, seq: int) -> UpsertMessage:
    """Show somebody what became of the channel, and what they can do."""
    key = f"channel:{incident.number}{mark}:{to}:{seq}"
    return UpsertMessage(
        key=key,
        message_type="closed_channel",
        ref=incident.number,
        to=to,
        mark=f"{mark}:{to}",
        facts={"closing": mark},
    )


def _invite(number: int, seq: int, person: str) -> Invite:
    return Invite(key=f"invite:{number}:{seq}", incident=number, people=(person,))


def brief(number: int, seq: int, to: str, *, origin: str = "") -> UpsertMessage:
    """Return what a successor reads before they say *I have command*; entry `seq` is the offer."""
    key = f"brief:{number}:{seq}"
    return UpsertMessage(
        key=f"{key}:{origin}" if origin else key,
        message_type="brief",
        ref=number,
        to=to,
        mark=f":{seq}",
        facts={"offer": seq},
    )
