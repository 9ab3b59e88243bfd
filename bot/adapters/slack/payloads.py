"""Read Slack's payloads: each becomes a request, a notice, or nothing if it does not concern Spy."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.adapters.slack import forms, home
from bot.adapters.slack.button_values import pressed
from bot.adapters.slack.reading import listed, maybe, part, required
from bot.commands.request import (
    Automated,
    ClosedNotice,
    Deleted,
    Edited,
    Joined,
    Left,
    MadePrivateNotice,
    MovedNotice,
    Notice,
    PutOut,
    Reacted,
    Renamed,
    ReopenedNotice,
    Request,
    Shared,
    Source,
    Unreacted,
    WrittenNotice,
    asked_for,
)
from bot.domain.foreign import WORD, inert
from bot.domain.incident import origin
from bot.domain.markup import undecorated

Payload = Mapping[str, Any]

PRIVATE = "channel_convert_to_private"
PRIVATE_NAME = "privategroup"
"""What Slack calls each private channel in the payloads of slash commands and buttons."""
PRIVATE_TYPES = frozenset({"group", "mpim"})
"""The types of channels, in events, that only some people can read. A mention comes without its channel's type."""
SPEECH = (None, "thread_broadcast", "file_share")
EDITED_WITHIN = 3600.0
"""Seconds after posting in which an edit can make a message a command. A later edit only corrects the text."""
CALLED = re.compile(
    r"\s*[*_~`]{0,3}spy[,:]?[*_~`]{0,3}(?:[,:]?\s+(?P<words>\S.*)|[,:]?\s*$)", re.IGNORECASE | re.DOTALL
)


def slash(body: Payload) -> Request:
    """Return the request of a slash command: `/incident me "x"` means `incident me "x"`; `/spy x` means `x`."""
    name = required(body, "command").removeprefix("/")
    words = (maybe(body, "text") or "").strip()
    return Request(
        id=required(body, "trigger_id"),
        text=words if name == "spy" else f"{name} {words}".strip(),
        user=required(body, "user_id"),
        user_name=_name(maybe(body, "user_name")),
        source=Source.SLASH,
        channel=maybe(body, "channel_id"),
        is_private=maybe(body, "channel_name") == PRIVATE_NAME,
        trigger=maybe(body, "trigger_id"),
        response_url=maybe(body, "response_url"),
    )


def press(body: Payload) -> Request | None:
    """Return the request of a pressed button: its value. Return None for a button that only opens a link."""
    action = next((it for it in listed(body, "actions") if isinstance(it, Mapping)), {})
    value = maybe(action, "value") or maybe(action, "selected_option", "value") or ""
    command, memory = pressed(value)
    if not command or action.get("type") not in ("button", "overflow", "static_select"):
        return None
    thread = maybe(body, "message", "thread_ts") or maybe(body, "container", "thread_ts")
    return Request(
        id=required(body, "trigger_id"),
        text=command,
        user=required(body, "user", "id"),
        user_name=_handle(body),
        source=Source.BUTTON,
        channel=maybe(body, "channel", "id") or maybe(body, "container", "channel_id"),
        is_private=maybe(body, "channel", "name") == PRIVATE_NAME,
        thread=thread if thread != maybe(body, "message", "ts") else None,
        trigger=maybe(body, "trigger_id"),
        response_url=maybe(body, "response_url"),
        origin=origin.remembered(memory.get("origin")),
        asked=asked_for(memory.get("ask")),
    )


def submission(body: Payload) -> Request:
    """Return the request of a submitted form: the command it was opened for, and its answers."""
    view = part(body, "view")
    memory = forms.remembered(view)
    number = memory.get("incident")
    return Request(
        id=maybe(body, "trigger_id") or required(view, "id"),
        text=required(memory, "command"),
        user=required(body, "user", "id"),
        user_name=_handle(body),
        source=Source.FORM,
        channel=maybe(memory, "channel"),
        thread=maybe(memory, "thread"),
        trigger=maybe(body, "trigger_id"),
        incident=number if isinstance(number, int) else None,
        origin=origin.remembered(memory.get("origin")),
        given=forms.filled_in(part(part(view, "state"), "values")),
    )


def questions(body: Payload) -> Sequence[str]:
    """Return the names of a form's questions, in their order."""
    blocks = listed(part(body, "view"), "blocks")
    names = (maybe(it, "block_id") for it in blocks if maybe(it, "type") == "input")
    return [name for name in names if name]


def title(body: Payload) -> str:
    """Return the title of a submitted form."""
    return maybe(body, "view", "title", "text") or "Spy"


def mention(body: Payload, bot: str) -> Request | None:
    """Return the request of a mention; None for an edit or a bot's message. `speech` reads mentions in a DM."""
    event = part(body, "event")
    if _is_automatic(event) or "edited" in event or required(event, "channel").startswith("D"):
        return None
    return _spoken(body, Source.MENTION, after_mention(undecorated(maybe(event, "text") or ""), bot))


def speech(body: Payload, bot: str) -> Request | None:
    """Return the request of a DM or of a message that begins with `spy`; else None. A mention is its own event."""
    event = part(body, "event")
    text = undecorated(maybe(event, "text") or "")
    if event.get("subtype") not in SPEECH or _is_automatic(event) or not text.strip():
        return None
    if event.get("channel_type") == "im":
        return _spoken(body, Source.DM, _without_call(after_mention(text, bot)))
    called = CALLED.match(text)
    if not called or not called["words"] or _mentions(text, bot):
        return None
    return _spoken(body, Source.PLAIN, called["words"].strip())


def correction(body: Payload, bot: str) -> Request | None:
    """Return the request of a message that was edited into a command within an hour; else None.

    The router runs each message only once.
    """
    event = part(body, "event")
    if event.get("subtype") != "message_changed":
        return None
    message = part(event, "message")
    if not _was_just_edited(message, part(event, "previous_message")):
        return None
    place = {name: event.get(name) for name in ("channel", "channel_type")}
    now = {**body, "event_id": f"{required(body, 'event_id')}:edit", "event": {**message, **place}}
    text = undecorated(maybe(message, "text") or "")
    if place["channel_type"] != "im" and _mentions(text, bot) and not _is_automatic(message):
        return _spoken(now, Source.MENTION, after_mention(text, bot))
    return speech(now, bot)


def _was_just_edited(message: Payload, before: Payload) -> bool:
    """Return whether a person edited the text in time. Slack also sends this event when it unfurls a link."""
    edited, written = maybe(message, "edited", "ts"), maybe(message, "ts")
    if not edited or not written or message.get("text") == before.get("text"):
        return False
    try:
        return float(edited) - float(written) <= EDITED_WITHIN
    except ValueError:
        return False


def _spoken(body: Payload, source: Source, text: str) -> Request:
    channel, written = required(body, "event", "channel"), maybe(body, "event", "ts")
    return Request(
        id=required(body, "event_id"),
        text=text,
        user=required(body, "event", "user"),
        source=source,
        channel=channel,
        is_private=maybe(body, "event", "channel_type") in PRIVATE_TYPES,
        thread=maybe(body, "event", "thread_ts"),
        message=f"{channel}:{written}" if written else None,
    )


def after_mention(text: str, bot: str) -> str:
    """Return the text after the bot's mention, or the whole text if it is not mentioned."""
    found = re.search(_mention(bot), text)
    words = text[found.end() :] if found else text
    return re.sub(r"^[,:]\s+", "", words.strip())


def _without_call(text: str) -> str:
    called = CALLED.match(text)
    return (called["words"] or "").strip() if called else text


def _mention(bot: str) -> str:
    return rf"<@{re.escape(bot)}(?:\|[^<>]*)?>" if bot else r"(?!)"


def _mentions(text: str, bot: str) -> bool:
    return re.search(_mention(bot), text) is not None


def _is_automatic(event: Payload) -> bool:
    return bool(event.get("bot_id")) or not event.get("user")


def _handle(body: Payload) -> str | None:
    return _name(maybe(body, "user", "username") or maybe(body, "user", "name"))


def _name(given: str | None) -> str | None:
    return inert(given, WORD) if given else None


# --- notices ----------------------------------------------------------------------------------------------


def notice(body: Payload, bot: str) -> Notice | None:
    """Return the notice in an event, or None if there is none."""
    read = READERS.get(required(body, "event", "type"))
    return read(body, bot) if read else None


def _joined(body: Payload, bot: str) -> Notice | None:
    person, channel = required(body, "event", "user"), required(body, "event", "channel")
    if person == bot:
        return ReopenedNotice(
            id=required(body, "event_id"), channel=channel, by=maybe(body, "event", "inviter")
        )
    return Joined(id=required(body, "event_id"), channel=channel, person=person)


def _left(body: Payload, bot: str) -> Notice:
    event = part(body, "event")
    is_private = maybe(event, "channel_type") in {"G", "group"} or event["type"] == "group_left"
    ident, channel, person = required(body, "event_id"), required(event, "channel"), maybe(event, "user")
    if event["type"] != "member_left_channel" or person == bot:
        by = maybe(event, "actor_id")
        return PutOut(id=ident, channel=channel, private=is_private, by=by if by != bot else None)
    return Left(id=ident, channel=channel, person=required(event, "user"))


def _closed(body: Payload, _bot: str) -> Notice:
    event = part(body, "event")
    return ClosedNotice(
        id=required(body, "event_id"),
        channel=required(event, "channel"),
        how="deleted" if required(event, "type").endswith("_deleted") else "archived",
        by=maybe(event, "user") or maybe(event, "actor_id"),
    )


def _reopened(body: Payload, _bot: str) -> Notice:
    event = part(body, "event")
    return ReopenedNotice(
        id=required(body, "event_id"), channel=required(event, "channel"), by=maybe(event, "user")
    )


def _made_private(body: Payload, _bot: str) -> Notice:
    event = part(body, "event")
    by = maybe(event, "user") or maybe(event, "actor_id")
    return MadePrivateNotice(id=required(body, "event_id"), channel=required(event, "channel"), by=by)


def _moved(body: Payload, _bot: str) -> Notice:
    event = part(body, "event")
    return MovedNotice(
        id=required(body, "event_id"),
        channel=required(event, "old_channel_id"),
        to=required(event, "new_channel_id"),
    )


def _reacted(body: Payload, _bot: str) -> Notice | None:
    event = part(body, "event")
    if maybe(event, "item", "type") != "message":
        return None
    kind = Reacted if event["type"] == "reaction_added" else Unreacted
    return kind(
        id=required(body, "event_id"),
        channel=required(event, "item", "channel"),
        person=required(event, "user"),
        ts=required(event, "item", "ts"),
        emoji=required(event, "reaction"),
    )


def _changed(body: Payload, bot: str) -> Notice | None:  # noqa: PLR0911  a table
    event = part(body, "event")
    if event.get("subtype") == "file_share":
        return _shared(body)
    if maybe(event, "bot_id"):
        return _automated(body, bot)
    if event.get("subtype") == PRIVATE:
        return _made_private(body, bot)
    if event.get("subtype") == "message_deleted":
        return _deleted(body, required(event, "deleted_ts"))
    if event.get("subtype") is None and maybe(event, "user"):
        return WrittenNotice(
            id=required(body, "event_id"),
            channel=required(event, "channel"),
            person=required(event, "user"),
        )
    if event.get("subtype") != "message_changed":
        return None
    message, before = part(event, "message"), part(event, "previous_message")
    if message.get("subtype") == "tombstone":
        return _deleted(body, required(message, "ts"))
    if _is_automatic(message) or message.get("text") == before.get("text"):
        return None
    return Edited(
        id=required(body, "event_id"),
        channel=required(event, "channel"),
        person=required(message, "user"),
        ts=required(message, "ts"),
        text=maybe(message, "text") or "",
    )


def _automated(body: Payload, bot: str) -> Notice | None:
    """Return what a Slack workflow writes to Spy; other bots are ignored, so that two bots can't loop."""
    event = part(body, "event")
    if part(event, "bot_profile").get("is_workflow_bot") is not True:
        return None
    text = undecorated(maybe(event, "text") or "")
    words = after_mention(text, bot) if _mentions(text, bot) else _without_call(text)
    if words == text:
        return None
    return Automated(id=required(body, "event_id"), channel=required(event, "channel"), words=words)


def _shared(body: Payload) -> Notice | None:
    """Return the pictures among a message's files; None if there are none."""
    event = part(body, "event")
    files = (it for it in listed(event, "files") if (maybe(it, "mimetype") or "").startswith("image/"))
    images = tuple(
        (maybe(it, "title") or maybe(it, "name") or "picture", required(it, "permalink"))
        for it in files
        if maybe(it, "permalink")
    )
    if not images or _is_automatic(event):
        return None
    return Shared(
        id=required(body, "event_id"),
        channel=required(event, "channel"),
        person=required(event, "user"),
        ts=required(event, "ts"),
        text=maybe(event, "text") or "",
        images=images,
    )


def _deleted(body: Payload, ts: str) -> Notice | None:
    if maybe(body, "event", "previous_message", "bot_id"):
        return None
    return Deleted(id=required(body, "event_id"), channel=required(body, "event", "channel"), ts=ts)


def _renamed(body: Payload, _bot: str) -> Notice:
    channel = part(part(body, "event"), "channel")
    return Renamed(
        id=required(body, "event_id"), channel=required(channel, "id"), name=required(channel, "name")
    )


def bot(body: Payload) -> str:
    """Return the user id of the bot that an event was sent to; empty if the event does not say."""
    ours = (it for it in listed(body, "authorizations") if isinstance(it, Mapping) and it.get("is_bot"))
    return next(filter(None, (maybe(it, "user_id") for it in ours)), "")


def created(body: Payload) -> tuple[str, str]:
    """Return the id and the name of a new channel."""
    channel = part(part(body, "event"), "channel")
    return required(channel, "id"), required(channel, "name")


READERS: Mapping[str, Callable[[Payload, str], Notice | None]] = {
    "member_joined_channel": _joined,
    "reaction_added": _reacted,
    "reaction_removed": _reacted,
    "message": _changed,
    "channel_rename": _renamed,
    "group_rename": _renamed,
    "member_left_channel": _left,
    "channel_left": _left,
    "group_left": _left,
    "channel_archive": _closed,
    "group_archive": _closed,
    "channel_deleted": _closed,
    "group_deleted": _closed,
    "channel_unarchive": _reopened,
    "group_unarchive": _reopened,
    "channel_id_changed": _moved,
    PRIVATE: _made_private,
    "app_home_opened": home.opened,
}
