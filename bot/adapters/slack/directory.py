"""Read a whole workspace: its channels and user groups. Only `spy init` does; the bot asks for single ones."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from bot.adapters.network.patience import patiently
from bot.adapters.network.server_clock import ServerClock
from bot.adapters.slack.calls import Answer, Calls, entries
from bot.adapters.slack.client import PooledWebClient
from bot.adapters.slack.limits import SlackLimits
from bot.adapters.slack.reading import maybe
from bot.adapters.slack.silence import Silence
from bot.ports import Clock, Rejected

PAGE = 500
CHANNEL_ID = re.compile(r"[CG][A-Z0-9]{2,}")
GROUP_ID = re.compile(r"S[A-Z0-9]{2,}")
LEFT_OUT = ("is_archived", "is_ext_shared", "is_pending_ext_shared")


@dataclass(frozen=True, kw_only=True)
class ListedChannel:
    id: str
    name: str
    is_member: bool = True
    """Whether Spy is in it."""
    members: int = 0


@dataclass(frozen=True, kw_only=True)
class ListedGroup:
    """A user group. `handle` is its name in mentions."""

    id: str
    handle: str


class SlackDirectory:
    def __init__(self, client: PooledWebClient, clock: Clock) -> None:
        self._calls = Calls(client, SlackLimits(), ServerClock(clock), Silence(clock))

    def channels(self) -> Iterator[ListedChannel]:
        """Yield the channels that Spy can see, without those that are archived or shared with other companies."""
        cursor = ""
        while True:
            answer = self._page(cursor)
            yield from map(_channel, filter(_is_usable, entries(answer, "channels")))
            cursor = maybe(answer, "response_metadata", "next_cursor") or ""
            if not cursor:
                return

    def user_groups(self) -> Iterator[ListedGroup]:
        """Yield the user groups. A workspace whose plan has none yields nothing."""
        try:
            answer = patiently(partial(self._calls.request, "usergroups.list"))
        except Rejected as rejected:
            if rejected.code == "missing_scope":
                raise
            return
        for group in entries(answer, "usergroups"):
            ident, handle = maybe(group, "id") or "", maybe(group, "handle")
            if GROUP_ID.fullmatch(ident) and handle:
                yield ListedGroup(id=ident, handle=handle)

    def _page(self, cursor: str) -> Answer:
        wanted = {"types": "public_channel,private_channel", "exclude_archived": "true", "limit": PAGE}
        following = {"cursor": cursor} if cursor else {}
        return patiently(partial(self._calls.request, "conversations.list", **wanted, **following))


def _channel(found: Mapping[str, Any]) -> ListedChannel:
    members = found.get("num_members")
    return ListedChannel(
        id=maybe(found, "id") or "",
        name=maybe(found, "name") or "",
        is_member=bool(found.get("is_member")),
        members=members if isinstance(members, int) else 0,
    )


def _is_usable(found: Mapping[str, Any]) -> bool:
    is_named = CHANNEL_ID.fullmatch(maybe(found, "id") or "") and maybe(found, "name")
    return bool(is_named) and not any(found.get(mark) for mark in LEFT_OUT)
