"""Find a channel that Spy created, without listing all channels: by past events, else by an invisible probe."""

import threading
from collections import OrderedDict
from datetime import datetime, timedelta

from bot.adapters.slack.calls import Calls, promised
from bot.adapters.slack.reading import part
from bot.ports import Rejected, Unreachable

SEEN = 1_000  # channels kept in memory; each is still checked with Slack
AHEAD = timedelta(hours=1)  # the probe is a message scheduled for then, and deleted at once
PROBE = "Spy looked for this channel."
NOT_OURS = frozenset({"channel_not_found", "not_in_channel", "is_archived", "restricted_action"})


class SlackChannels:
    """Channels by name. A channel that somebody else created is never returned."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._lock = threading.Lock()
        self._seen: OrderedDict[str, str] = OrderedDict()

    def remember(self, channel: str, name: str) -> None:
        """Remember a channel from a `channel_created` event."""
        with self._lock:
            self._seen[name] = channel
            while len(self._seen) > SEEN:
                self._seen.popitem(last=False)

    def find(self, name: str, *, private: bool, since: datetime, creator: str) -> str | None:
        with self._lock:
            seen = self._seen.get(name)
        if seen and self._is_ours(seen, name, private, since, creator):
            return seen
        probed = self._probe(name)
        if probed is None or probed == seen or not self._is_ours(probed, name, private, since, creator):
            return None
        return probed

    def _probe(self, name: str) -> str | None:
        """Return the id of the channel `#name`; None if Spy is not in it.

        Slack's answer to a scheduled message has the channel's id.
        """
        at = int((self._calls.clock.now() + AHEAD).timestamp())
        try:
            scheduled = self._calls.write("chat.scheduleMessage", channel=f"#{name}", post_at=at, text=PROBE)
        except Rejected as refusal:
            if refusal.code in NOT_OURS:
                return None
            raise
        channel = promised(scheduled, "channel")
        self._withdraw(channel, promised(scheduled, "scheduled_message_id"))
        return channel

    def _withdraw(self, channel: str, scheduled: str) -> None:
        try:
            self._delete(channel, scheduled)
        except Unreachable:
            self._delete(channel, scheduled)

    def _delete(self, channel: str, scheduled: str) -> None:
        try:
            self._calls.write("chat.deleteScheduledMessage", channel=channel, scheduled_message_id=scheduled)
        except Rejected as refusal:
            if refusal.code != "invalid_scheduled_message_id":  # deleted already, by the first attempt
                raise

    def _is_ours(self, channel: str, name: str, private: bool, since: datetime, creator: str) -> bool:  # noqa: FBT001  a fact of the channel, not a switch
        try:
            found = part(self._calls.request("conversations.info", channel=channel), "channel")
        except Rejected as refusal:
            if refusal.code in NOT_OURS:
                return False
            raise
        if not found:
            raise Unreachable("Slack's answer has no channel")
        return bool(
            found.get("creator") == creator
            and found.get("name") == name
            and bool(found.get("is_private")) == private
            and not found.get("is_archived")
            and _seconds(found.get("created")) >= self._calls.clock.since(since).timestamp()
        )


def _seconds(given: object) -> float:
    return float(given) if isinstance(given, int | float) else 0.0
