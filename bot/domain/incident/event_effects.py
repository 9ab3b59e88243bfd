"""The effects of an event: its messages, by the places where it appears, and what else follows."""

from bot.domain.alert.events import AlertAdded
from bot.domain.effects import Effect, PostEvent, UpsertMessage
from bot.domain.event import ANNOUNCEMENT, CARD, LINE, Event, ShownIn
from bot.domain.incident import events
from bot.domain.incident.effects import AddBookmark, CreateChannel, Invite, SetTopic, Welcome
from bot.domain.incident.incident import Incident
from bot.domain.policy import Policy
from bot.domain.subject import IncidentChannel


def effects_of(event: Event, incident: Incident, policy: Policy, *, seq: int) -> list[Effect]:
    """Return the effects of an event. `seq` is its entry in the incident's timeline."""
    if isinstance(event, events.Declared):
        return _declared(incident, policy)
    shown_effects = [_effect_at(where, event, incident, policy, seq) for where in event.shown_in]
    return [effect for effect in shown_effects if effect] + _beyond(event, incident, policy, seq)


def _declared(incident: Incident, policy: Policy) -> list[Effect]:
    n = incident.number
    effects: list[Effect | None] = [
        CreateChannel(key=f"create-channel:{n}", incident=n),
        _announcement(incident, policy, origin="declared"),
        Invite(key=f"invite:{n}:declared", incident=n, people=incident.members),
        UpsertMessage(
            key=f"card:{n}:declared",
            message_type="card",
            ref=n,
            to=IncidentChannel(n),
            permalink_of=(n, 1) if incident.private else None,
        ),
        SetTopic(key=f"topic:{n}", incident=n),
        AddBookmark(key=f"bookmark:{n}:home", incident=n, title=f"{incident.id} · all incidents")
        if policy.announce and not incident.private
        else None,
    ]
    return [effect for effect in effects if effect]


def _effect_at(where: ShownIn, event: Event, incident: Incident, policy: Policy, seq: int) -> Effect | None:
    n, kind = incident.number, event.kind()
    facts = {"e": {**event.facts(), "kind": kind, "incident": n}, "drill": incident.drill}
    if where == CARD:
        return UpsertMessage(key=f"card:{n}:{seq}", message_type="card", ref=n, to=IncidentChannel(n))
    if where == ANNOUNCEMENT:
        return _announcement(incident, policy, origin=str(seq))
    if where == LINE:
        return PostEvent(
            key=f"line:{n}:{seq}",
            to=IncidentChannel(n),
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
    event: Event, incident: Incident, policy: Policy, seq: int
) -> list[Effect]:
    """Return the effects of some events besides the messages in the table."""
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
        case events.LinkAdded(url=str(url)) | AlertAdded(url=str(url)):
            return [AddBookmark(key=f"bookmark:{n}:{seq}", incident=n, title=event.title, url=url)]
    return []


def _asked_about_channel(incident: Incident, seq: int) -> list[Effect]:
    """Ask the owner what to do about the closed channel, if it is closed."""
    closed = incident.channel_closed
    return [closed_channel(incident, to=incident.contact, mark=closed.mark, seq=seq)] if closed else []


def set_up_again(incident: Incident, policy: Policy, *, seq: int) -> list[Effect]:
    """Return what a new channel of an incident needs: its people, card, topic and bookmarks."""
    n = incident.number
    people = tuple(dict.fromkeys((incident.owner, *incident.roles.values(), *incident.members)))
    home = AddBookmark(key=f"bookmark:{n}:home:{seq}", incident=n, title=f"{incident.id} · all incidents")
    return [
        Invite(key=f"invite:{n}:{seq}:all", incident=n, people=people),
        UpsertMessage(key=f"card:{n}:{seq}:anew", message_type="card", ref=n, to=IncidentChannel(n)),
        SetTopic(key=f"topic:{n}:{seq}", incident=n),
        *([home] if policy.announce and not incident.private else []),
        *(
            AddBookmark(key=f"bookmark:{n}:{seq}:{at}", incident=n, title=it.title, url=it.url)
            for at, it in enumerate(incident.links)
        ),
    ]


def closed_channel(incident: Incident, *, to: str, mark: str, seq: int) -> UpsertMessage:
    """Return the message to a person about the closed channel and what they can do."""
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
    """Return the brief for a successor, to read before *I have command*. Entry `seq` is the offer."""
    key = f"brief:{number}:{seq}"
    return UpsertMessage(
        key=f"{key}:{origin}" if origin else key,
        message_type="brief",
        ref=number,
        to=to,
        mark=f":{seq}",
        facts={"offer": seq},
    )
