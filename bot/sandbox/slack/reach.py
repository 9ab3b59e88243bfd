"""What the bot may touch: channels, messages and people found for a call, or refused as Slack refuses."""

from bot.sandbox.slack.call import SlackError
from bot.sandbox.slack.state import State
from bot.sandbox.slack.world import BOT_USER, Channel, Message, Person


def seen_channel(state: State, ref: str) -> Channel:
    """A channel that the bot can know of: public, or its own."""
    channel = state.channel(ref)
    if channel is None or (channel.is_private and BOT_USER not in channel.members):
        raise SlackError("channel_not_found")
    return channel


def channel_by_id(state: State, ref: str) -> Channel:
    """Only posting takes a name; everything else wants the id."""
    if ref not in state.channels:
        raise SlackError("channel_not_found")
    return seen_channel(state, ref)


def own_channel(state: State, ref: str) -> Channel:
    channel = channel_by_id(state, ref)
    if BOT_USER not in channel.members:
        raise SlackError("not_in_channel")
    return channel


def open_channel(state: State, ref: str) -> Channel:
    channel = own_channel(state, ref)
    if channel.is_archived:
        raise SlackError("is_archived")
    return channel


def message_in(channel: Channel, ts: str) -> Message:
    message = channel.messages.get(ts)
    if message is None:
        raise SlackError("message_not_found")
    return message


def known_person(state: State, ref: str, error: str = "user_not_found") -> Person:
    person = state.people.get(ref)
    if person is None:
        raise SlackError(error)
    return person
