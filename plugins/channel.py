"""The incident's channel: open a new one if it is gone, and follow Slack's news about channels."""

from bot.commands.command import command, when
from bot.commands.reply import Reply
from bot.commands.request import (
    ClosedNotice,
    Joined,
    Left,
    MadePrivateNotice,
    MovedNotice,
    PutOut,
    Renamed,
    ReopenedNotice,
)
from bot.domain.incident.incident import Incident
from bot.services.channels import Channels
from bot.services.incident.channels import IncidentChannels


@command("incident (channel new|new channel)")
def another(incident: Incident, *, channels: IncidentChannels) -> Reply:
    """Open a new channel if the incident's channel is archived, deleted or out of reach."""
    channels.open_another(incident)
    return Reply("incident/another_channel", {"incident": incident}, shared=True)


@when(ClosedNotice)
def closed(notice: ClosedNotice, *, channels: Channels) -> None:
    """Send no more to a channel that was archived or deleted."""
    channels.closed(notice.channel, notice.how, by=notice.by)


@when(ReopenedNotice)
def reopened(notice: ReopenedNotice, *, channels: Channels) -> None:
    """Bring a channel up to date when it is unarchived or Spy is added to it again."""
    channels.reopened(notice.channel, by=notice.by)


@when(PutOut)
def put_out(notice: PutOut, *, channels: Channels) -> None:
    """Notify the commander that Spy was removed from the channel."""
    channels.put_out(notice.channel, by=notice.by, private=notice.private, origin=notice.id)


@when(Left)
def left(notice: Left, *, channels: Channels) -> None:
    """Stop telling a person who has left a private incident's channel about it."""
    channels.left(notice.channel, notice.person)


@when(MadePrivateNotice)
def made_private(notice: MadePrivateNotice, *, channels: Channels) -> None:
    """Make the incident private when its channel becomes private."""
    channels.made_private(notice.channel, by=notice.by)


@when(MovedNotice)
def moved(notice: MovedNotice, *, channels: Channels) -> None:
    """Follow a channel to its new id."""
    channels.moved(notice.channel, notice.to)


@when(Joined)
def joined(notice: Joined, *, channels: IncidentChannels) -> None:
    """Show a newcomer the tldr, so that only they see it."""
    channels.joined(notice.channel, notice.person, origin=notice.id)


@when(Renamed)
def renamed(notice: Renamed, *, channels: IncidentChannels) -> None:
    """Follow a channel to its new name."""
    channels.renamed(notice.channel, notice.name)
