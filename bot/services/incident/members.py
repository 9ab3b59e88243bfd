"""Compare the members of private incidents with Slack's, because Spy may have missed who joined or left."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from bot.domain.incident import events
from bot.domain.incident.incident import Incident
from bot.domain.incident.timeline import Entry
from bot.services.incident.channels import IncidentChannels
from bot.services.transaction import Transaction

INVITING = timedelta(hours=1)
"""How long an invitation may take to reach Slack. Until then, the invited person counts as a member."""
JOINING = timedelta(minutes=2)
"""How long Slack's own event about a person who joined may take."""
AT_ONCE = 20
"""How many channels are read in one turn."""
EVERY = timedelta(minutes=1)
RECENT = timedelta(days=7)
"""How long after its end an incident's members are still compared."""
COMING: Collection[str] = [
    it.kind()
    for it in (
        events.Declared,
        events.ChannelOpened,
        events.PersonInvited,
        events.PersonJoined,
        events.CommandOffered,
        events.CommandTaken,
        events.RoleGiven,
    )
]
"""The events after which Spy invites a person, or everybody, and the one that they have joined."""


class Members:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    def due(self) -> Sequence[str]:
        """Return the channels to read in this turn. If there are many, they take turns."""
        alive = self._session.incidents.alive_since(self._tx.now - RECENT)
        channels = [it.channel for it in alive if it.private and it.channel and not it.channel_closed]
        turn = int(self._tx.now.timestamp() // EVERY.total_seconds())
        first = turn * AT_ONCE % len(channels) if len(channels) > AT_ONCE else 0
        return [*channels[first:], *channels[:first]][:AT_ONCE]

    def read(self, channel: str, found: Collection[str], *, read_at: datetime) -> None:
        """Record who is not in the channel any more, and who is in it without Spy's knowing."""
        incident = self._session.incidents.in_channel(channel)
        if incident is None or not incident.private:
            return
        coming = self._session.timeline.among([incident.number], COMING)
        for person in [it for it in incident.members if it not in found]:
            if not _is_invited(person, coming, since=read_at - INVITING):
                incident = IncidentChannels(self._tx).left(incident, person)
        for person in sorted(found):
            if _is_news(person, incident, coming, read_at):
                incident = self._tx.record(incident, events.PersonJoined(at=self._tx.now, person=person))


def _is_invited(person: str, coming: Sequence[Entry], *, since: datetime) -> bool:
    """Whether a person was invited since then (UTC) and has not joined yet: Slack may not know it."""
    last = _last(person, coming)
    return last is not None and last.recorded_at >= since and not _has_joined(last)


def _is_news(person: str, incident: Incident, coming: Sequence[Entry], read_at: datetime) -> bool:
    """Whether Spy does not know that a person in the channel has joined it, and has waited for Slack's event."""
    if person not in incident.members:
        return not incident.has_left(person, since=read_at)
    last = _last(person, coming)
    return last is None or (last.recorded_at < read_at - JOINING and not _has_joined(last))


def _has_joined(entry: Entry) -> bool:
    return entry.kind == events.PersonJoined.kind()


def _last(person: str, coming: Sequence[Entry]) -> Entry | None:
    """Return the last event that brought a person into the channel. A new channel is one for everybody."""
    return next((it for it in reversed(coming) if _is_about(it, person)), None)


def _is_about(entry: Entry, person: str) -> bool:
    match entry.kind:
        case "channel_opened":
            return True
        case "declared":
            return person in {entry.actor, entry.data.get("commander")}
    return person in map(entry.data.get, ("person", "commander", "to"))
