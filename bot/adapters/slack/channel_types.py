"""Which channels are private, as events said: Slack leaves it out of a mention."""

import threading
from collections import OrderedDict
from typing import Any

from bot.adapters.slack.payloads import PRIVATE_TYPES
from bot.adapters.slack.reading import maybe

KEPT = 10_000
"""How many channels are kept in memory."""


class ChannelTypes:
    """Remembers the types of channels. A channel that is not known yet counts as private."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._private: OrderedDict[str, bool] = OrderedDict()

    def learn(self, event: Any) -> None:
        channel, kind = maybe(event, "channel"), maybe(event, "channel_type")
        if channel and kind:
            with self._lock:
                self._private[channel] = kind in PRIVATE_TYPES
                self._private.move_to_end(channel)
                while len(self._private) > KEPT:
                    self._private.popitem(last=False)

    def is_private(self, channel: str | None) -> bool:
        with self._lock:
            return self._private.get(channel or "", True)
