"""Finds channels, messages and people for a call, or refuses as Slack does."""

from bot.sandbox.slack.call import SlackError
from bot.sandbox.slack.state import WorkspaceState
from bot.sandbox.slack.world import BOT_USER, SlackChannel, SlackMessage, SlackPerson


def seen_channel(state: WorkspaceState, ref: str) -> SlackChannel:
    """Find a channel that the bot can see: public, or its own."""
    channel = state.channel(ref)
    if channel is None or (channel.is_private and BOT_USER not in channel.members):
        raise SlackError("channel_not_found")
    return channel


def channel_by_id(state: WorkspaceState, ref: str) -> SlackChannel:
    """Find a channel by id. Only posting accepts a name."""
    if ref not in state.channels:
        raise SlackError("channel_not_found")
    return seen_channel(state, ref)


def own_channel(state: WorkspaceState, ref: str) -> SlackChannel:
    channel = channel_by_id(state, ref)
    if BOT_USER not in channel.members:
        raise SlackError("not_in_channel")
    return channel


def open_channel(state: WorkspaceState, ref: str) -> SlackChannel:
    channel = own_channel(state, ref)
    if channel.is_archived:
        raise SlackError("is_archived")
    return channel


def message_in(channel: SlackChannel, ts: str) -> SlackMessage:
    message = channel.messages.get(ts)
    if message is None:
        raise SlackError("message_not_found")
    return message


def known_person(state: WorkspaceState, ref: str, error: str = "user_not_found") -> SlackPerson:
    person = state.people.get(ref)
    if person is None:
        raise SlackError(error)
    return person
