"""How far each person has read in each channel."""

from bot.sandbox.slack.state import WorkspaceState
from bot.sandbox.slack.world import SlackChannel, SlackMessage, SlackPerson

QUIET = ("join", "leave", "topic", "purpose", "name", "archive", "unarchive")


class ReadMarkers:
    """The read markers of all people, guarded by the feed's lock."""

    def __init__(self, state: WorkspaceState) -> None:
        self._state = state
        self._last: dict[tuple[str, str], str] = {}

    def reads(self, person: SlackPerson, channel: SlackChannel) -> None:
        """Mark all messages of the channel as read."""
        with self._state.feed.lock:
            self._last[person.id, channel.id] = next(reversed(channel.messages), "")

    def is_unread(self, person: SlackPerson, channel: SlackChannel) -> bool:
        return next(iter(self._unread(person, channel)), None) is not None

    def mentions(self, person: SlackPerson, channel: SlackChannel) -> int:
        """Count the unread messages for this person: by name, to all, or in a direct message."""
        unread = self._unread(person, channel)
        return len(
            [m for m in unread if channel.is_im or m.pings or f"<@{person.id}" in f"{m.text} {m.blocks}"]
        )

    def _unread(self, person: SlackPerson, channel: SlackChannel) -> list[SlackMessage]:
        last = self._last.get((person.id, channel.id), "")
        found = list[SlackMessage]()
        with self._state.feed.lock:
            for message in reversed(channel.messages.values()):
                if message.ts <= last:
                    break
                if self._is_news(message, person):
                    found.append(message)
        return found

    def _is_news(self, message: SlackMessage, person: SlackPerson) -> bool:
        is_grey = (message.subtype or "").partition("_")[2] in QUIET
        return message.user != person.id and not is_grey and message.thread_ts in (None, message.ts)
