"""Read Slack's shortcuts: `Declare an incident` anywhere, and `Declare from this` on a message."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from bot.adapters.slack.reading import listed, maybe, part, required
from bot.commands.request import Request, Source
from bot.domain.foreign import WORD, inert
from bot.domain.incident.origin import Origin

Payload = Mapping[str, Any]
Permalink = Callable[[str, str], str]

COMMAND = "incident me"
DECLARE, DECLARE_FROM = "declare", "declare_from_message"
PUBLIC = re.compile(r"C[A-Z0-9]+")
NOT_PUBLIC = frozenset({"privategroup", "directmessage"})
"""What Slack calls private channels and DMs in the payloads of shortcuts."""
GROUP_DM = "mpdm-"
PERSON = re.compile(r"[UW][A-Z0-9]{2,20}")
ATTACHED = ("title", "fallback", "pretext", "text")
TS = re.compile(r"[0-9]{1,12}\.[0-9]{1,8}")


@dataclass(frozen=True, kw_only=True)
class Shortcut:
    """A shortcut as the manifest names it. Slack allows 24 characters for the name."""

    name: str
    kind: Literal["message", "global"]
    callback: str
    description: str


SHORTCUTS: Sequence[Shortcut] = (
    Shortcut(
        name="Declare an incident",
        kind="global",
        callback=DECLARE,
        description="Open the form of incident me, anywhere.",
    ),
    Shortcut(
        name="Declare from this",
        kind="message",
        callback=DECLARE_FROM,
        description="Declare an incident that links this message.",
    ),
)


def anywhere(body: Payload) -> Request:
    """Return the request of the global shortcut. Slack does not say where the person was."""
    return _request(body)


def on_message(body: Payload, permalink: Permalink) -> Request:
    """Return the request of the shortcut on a message, with the message as its origin."""
    channel, message = required(body, "channel", "id"), part(body, "message")
    ts = maybe(body, "message_ts") or required(message, "ts")
    thread = maybe(message, "thread_ts")
    origin = Origin(
        url=address(permalink, channel, ts, thread=thread),
        author=_author(message),
        is_private=_is_private(channel, maybe(body, "channel", "name") or ""),
        text=next(_words(message), ""),
        thread=thread or ts,
    )
    return _request(body, channel=channel, origin=origin)


def in_thread(request: Request, permalink: Permalink) -> Request:
    """Return the request with its thread as its origin; unchanged if it was written in none, or has an origin."""
    if request.origin or not request.channel or not request.thread:
        return request
    is_private = request.is_private or not PUBLIC.fullmatch(request.channel)
    url = permalink(request.channel, request.thread)
    return replace(request, origin=Origin(url=url, kind="thread", is_private=is_private))


def address(permalink: Permalink, channel: str, ts: str, *, thread: str | None = None) -> str:
    """Return a message's address. Slack opens a reply in its thread only if the address names the thread."""
    url = permalink(channel, ts)
    is_reply = thread and thread != ts and TS.fullmatch(thread) and "?" not in url
    return f"{url}?thread_ts={thread}&cid={channel}" if is_reply else url


def _request(body: Payload, *, channel: str | None = None, origin: Origin | None = None) -> Request:
    name = maybe(body, "user", "username") or maybe(body, "user", "name")
    return Request(
        id=required(body, "trigger_id"),
        text=COMMAND,
        user=required(body, "user", "id"),
        user_name=inert(name, WORD) if name else None,
        source=Source.SHORTCUT,
        channel=channel,
        is_private=origin is not None and origin.is_private,
        trigger=required(body, "trigger_id"),
        response_url=maybe(body, "response_url"),
        origin=origin,
    )


def _is_private(channel: str, name: str) -> bool:
    return not PUBLIC.fullmatch(channel) or name in NOT_PUBLIC or name.startswith(GROUP_DM)


def _author(message: Payload) -> str:
    """Return a mention of the author. A bot has a name instead: its user is only the app's."""
    is_bot = bool(maybe(message, "bot_id")) or maybe(message, "subtype") == "bot_message"
    name = maybe(message, "username") or maybe(message, "bot_profile", "name")
    if is_bot and name:
        return inert(name, WORD)
    person = maybe(message, "user") or ""
    return f"<@{person}>" if PERSON.fullmatch(person) else ""


def _words(message: Payload) -> Iterator[str]:
    """Yield the texts in which a message may say what is wrong. Tools often write only attachments or blocks."""
    attached = [maybe(it, name) for it in listed(message, "attachments") for name in ATTACHED]
    blocks = [maybe(it, "text", "text") for it in listed(message, "blocks")]
    yield from (text for text in (maybe(message, "text"), *attached, *blocks) if text and text.strip())
