"""Reading what Slack sends: which ask or which notice a payload is, or nothing that concerns Spy."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.adapters.slack import forms
from bot.commands.ask import (
    Ask,
    Automated,
    Closed,
    Deleted,
    Edited,
    Joined,
    Left,
    MadePrivate,
    Moved,
    Notice,
    PutOut,
    Reacted,
    Renamed,
    Reopened,
    Shared,
    Unreacted,
    Way,
)
from bot.domain.markup import undecorated
from bot.domain.text import storable

Payload = Mapping[str, Any]


class Unreadable(ValueError):  # noqa: N818  named for what happened
    """A payload lacks what it is read for, or has something of another kind there."""


PRIVATE = "channel_convert_to_private"
SPEECH = (None, "thread_broadcast", "file_share")
EDITED_WITHIN = 3600.0
"""Seconds in which a message may be edited into a command: later it is a correction of what was said."""
CALLED = re.compile(
    r"\s*[*_~`]{0,3}spy[,:]?[*_~`]{0,3}(?:[,:]?\s+(?P<words>\S.*)|[,:]?\s*$)", re.IGNORECASE | re.DOTALL
)


# --- asks -------------------------------------------------------------------------------------------------


def slash(body: Payload) -> Ask:
    """`/incident me "x"` says `incident me "x"`; `/spy …` says what follows."""
    name = _text(body, "command").removeprefix("/")
    words = (_maybe(body, "text") or "").strip()
    return Ask(
        id=_text(body, "trigger_id"),
        text=words if name == "spy" else f"{name} {words}".strip(),
        user=_text(body, "user_id"),
        user_name=_maybe(body, "user_name"),
        way=Way.SLASH,
        channel=_maybe(body, "channel_id"),
        trigger=_maybe(body, "trigger_id"),
        response_url=_maybe(body, "response_url"),
    )


def press(body: Payload) -> Ask | None:
    """A press says its button's value; one that only opens a link says nothing."""
    action = next((it for it in _list(body, "actions") if isinstance(it, Mapping)), {})
    said = _maybe(action, "value") or _maybe(action, "selected_option", "value")
    if not said or action.get("type") not in ("button", "overflow", "static_select"):
        return None
    thread = _maybe(body, "message", "thread_ts") or _maybe(body, "container", "thread_ts")
    return Ask(
        id=_text(body, "trigger_id"),
        text=said,
        user=_text(body, "user", "id"),
        user_name=_handle(body),
        way=Way.BUTTON,
        channel=_maybe(body, "channel", "id") or _maybe(body, "container", "channel_id"),
        thread=thread if thread != _maybe(body, "message", "ts") else None,
        trigger=_maybe(body, "trigger_id"),
        response_url=_maybe(body, "response_url"),
    )


def submission(body: Payload) -> Ask:
    """A form that is sent says the command that it was opened for, with what was filled in."""
    view = _part(body, "view")
    memory = forms.remembered(view)
    number = memory.get("incident")
    return Ask(
        id=_maybe(body, "trigger_id") or _text(view, "id"),
        text=_text(memory, "command"),
        user=_text(body, "user", "id"),
        user_name=_handle(body),
        way=Way.FORM,
        channel=_maybe(memory, "channel"),
        thread=_maybe(memory, "thread"),
        trigger=_maybe(body, "trigger_id"),
        incident=number if isinstance(number, int) else None,
        given=forms.filled_in(_part(_part(view, "state"), "values")),
    )


def questions(body: Payload) -> Sequence[str]:
    """Give the names of a form's questions, in their order."""
    blocks = _list(_part(body, "view"), "blocks")
    names = (_maybe(it, "block_id") for it in blocks if _maybe(it, "type") == "input")
    return [name for name in names if name]


def title(body: Payload) -> str:
    return _maybe(body, "view", "title", "text") or "Spy"


def mention(body: Payload, bot: str) -> Ask | None:
    """Slack sends no `app_mention` in a DM; what comes twice (an edit) is not said again."""
    event = _part(body, "event")
    if _is_automatic(event) or "edited" in event or _text(event, "channel").startswith("D"):
        return None
    return _spoken(body, Way.MENTION, after_mention(undecorated(_maybe(event, "text") or ""), bot))


def speech(body: Payload, bot: str) -> Ask | None:
    """A DM, or words that begin with `spy`; a mention comes as an event of its own."""
    event = _part(body, "event")
    text = undecorated(_maybe(event, "text") or "")
    if event.get("subtype") not in SPEECH or _is_automatic(event) or not text.strip():
        return None
    if event.get("channel_type") == "im":
        return _spoken(body, Way.DM, _without_call(after_mention(text, bot)))
    called = CALLED.match(text)
    if not called or not called["words"] or _mentions(text, bot):
        return None
    return _spoken(body, Way.PLAIN, called["words"].strip())


def correction(body: Payload, bot: str) -> Ask | None:
    """A message that was edited into a command, within an hour; the router does no message twice."""
    event = _part(body, "event")
    if event.get("subtype") != "message_changed":
        return None
    message = _part(event, "message")
    if not _was_just_edited(message, _part(event, "previous_message")):
        return None
    place = {name: event.get(name) for name in ("channel", "channel_type")}
    now = {**body, "event_id": f"{_text(body, 'event_id')}:edit", "event": {**message, **place}}
    text = undecorated(_maybe(message, "text") or "")
    if place["channel_type"] != "im" and _mentions(text, bot) and not _is_automatic(message):
        return _spoken(now, Way.MENTION, after_mention(text, bot))
    return speech(now, bot)


def _was_just_edited(message: Payload, before: Payload) -> bool:
    """Slack also tells so of a link that it unfurled, or of a language that it found."""
    edited, written = _maybe(message, "edited", "ts"), _maybe(message, "ts")
    if not edited or not written or message.get("text") == before.get("text"):
        return False
    return float(edited) - float(written) <= EDITED_WITHIN


def _spoken(body: Payload, way: Way, text: str) -> Ask:
    channel, written = _text(body, "event", "channel"), _maybe(body, "event", "ts")
    return Ask(
        id=_text(body, "event_id"),
        text=text,
        user=_text(body, "event", "user"),
        way=way,
        channel=channel,
        thread=_maybe(body, "event", "thread_ts"),
        message=f"{channel}:{written}" if written else None,
    )


def after_mention(text: str, bot: str) -> str:
    """Give the words after the bot's mention, all of them where it is not mentioned."""
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
    return _maybe(body, "user", "username") or _maybe(body, "user", "name")


# --- notices ----------------------------------------------------------------------------------------------


def notice(body: Payload, bot: str) -> Notice | None:
    """Give what Spy takes note of without being asked."""
    read = READERS.get(_text(body, "event", "type"))
    return read(body, bot) if read else None


def _joined(body: Payload, bot: str) -> Notice | None:
    person, channel = _text(body, "event", "user"), _text(body, "event", "channel")
    if person == bot:
        return Reopened(id=_text(body, "event_id"), channel=channel, by=_maybe(body, "event", "inviter"))
    return Joined(id=_text(body, "event_id"), channel=channel, person=person)


def _left(body: Payload, bot: str) -> Notice:
    event = _part(body, "event")
    is_private = _maybe(event, "channel_type") in {"G", "group"} or event["type"] == "group_left"
    ident, channel, person = _text(body, "event_id"), _text(event, "channel"), _maybe(event, "user")
    if event["type"] != "member_left_channel" or person == bot:
        by = _maybe(event, "actor_id")
        return PutOut(id=ident, channel=channel, private=is_private, by=by if by != bot else None)
    return Left(id=ident, channel=channel, person=_text(event, "user"))


def _closed(body: Payload, _bot: str) -> Notice:
    event = _part(body, "event")
    return Closed(
        id=_text(body, "event_id"),
        channel=_text(event, "channel"),
        how="deleted" if _text(event, "type").endswith("_deleted") else "archived",
        by=_maybe(event, "user") or _maybe(event, "actor_id"),
    )


def _reopened(body: Payload, _bot: str) -> Notice:
    event = _part(body, "event")
    return Reopened(id=_text(body, "event_id"), channel=_text(event, "channel"), by=_maybe(event, "user"))


def _made_private(body: Payload, _bot: str) -> Notice:
    event = _part(body, "event")
    by = _maybe(event, "user") or _maybe(event, "actor_id")
    return MadePrivate(id=_text(body, "event_id"), channel=_text(event, "channel"), by=by)


def _moved(body: Payload, _bot: str) -> Notice:
    event = _part(body, "event")
    return Moved(
        id=_text(body, "event_id"),
        channel=_text(event, "old_channel_id"),
        to=_text(event, "new_channel_id"),
    )


def _reacted(body: Payload, _bot: str) -> Notice | None:
    event = _part(body, "event")
    if _maybe(event, "item", "type") != "message":
        return None
    kind = Reacted if event["type"] == "reaction_added" else Unreacted
    return kind(
        id=_text(body, "event_id"),
        channel=_text(event, "item", "channel"),
        person=_text(event, "user"),
        ts=_text(event, "item", "ts"),
        emoji=_text(event, "reaction"),
    )


def _changed(body: Payload, bot: str) -> Notice | None:  # noqa: PLR0911  a table
    event = _part(body, "event")
    if event.get("subtype") == "file_share":
        return _shared(body)
    if _maybe(event, "bot_id"):
        return _automated(body, bot)
    if event.get("subtype") == PRIVATE:
        return _made_private(body, bot)
    if event.get("subtype") == "message_deleted":
        return _deleted(body, _text(event, "deleted_ts"))
    if event.get("subtype") != "message_changed":
        return None
    message, before = _part(event, "message"), _part(event, "previous_message")
    if message.get("subtype") == "tombstone":
        return _deleted(body, _text(message, "ts"))
    if _is_automatic(message) or message.get("text") == before.get("text"):
        return None
    return Edited(
        id=_text(body, "event_id"),
        channel=_text(event, "channel"),
        person=_text(message, "user"),
        ts=_text(message, "ts"),
        text=_maybe(message, "text") or "",
    )


def _automated(body: Payload, bot: str) -> Notice | None:
    """What a workflow says to Spy; other bots are not listened to, lest two of them talk without end."""
    event = _part(body, "event")
    if _part(event, "bot_profile").get("is_workflow_bot") is not True:
        return None
    text = undecorated(_maybe(event, "text") or "")
    words = after_mention(text, bot) if _mentions(text, bot) else _without_call(text)
    if words == text:
        return None
    return Automated(id=_text(body, "event_id"), channel=_text(event, "channel"), words=words)


def _shared(body: Payload) -> Notice | None:
    """Of the files in a message, the pictures."""
    event = _part(body, "event")
    files = (it for it in _list(event, "files") if (_maybe(it, "mimetype") or "").startswith("image/"))
    images = tuple(
        (_maybe(it, "title") or _maybe(it, "name") or "picture", _text(it, "permalink"))
        for it in files
        if _maybe(it, "permalink")
    )
    if not images or _is_automatic(event):
        return None
    return Shared(
        id=_text(body, "event_id"),
        channel=_text(event, "channel"),
        person=_text(event, "user"),
        ts=_text(event, "ts"),
        text=_maybe(event, "text") or "",
        images=images,
    )


def _deleted(body: Payload, ts: str) -> Notice | None:
    if _maybe(body, "event", "previous_message", "bot_id"):
        return None
    return Deleted(id=_text(body, "event_id"), channel=_text(body, "event", "channel"), ts=ts)


def _renamed(body: Payload, _bot: str) -> Notice:
    channel = _part(_part(body, "event"), "channel")
    return Renamed(id=_text(body, "event_id"), channel=_text(channel, "id"), name=_text(channel, "name"))


def bot(body: Payload) -> str:
    """Give the user id of the bot for whom an event is."""
    ours = (it for it in _list(body, "authorizations") if isinstance(it, Mapping) and it.get("is_bot"))
    return next(filter(None, (_maybe(it, "user_id") for it in ours)), "")


def created(body: Payload) -> tuple[str, str]:
    """Give the id and the name of a channel that was made."""
    channel = _part(_part(body, "event"), "channel")
    return _text(channel, "id"), _text(channel, "name")


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
}


# --- what stands where ------------------------------------------------------------------------------------


def _text(of: Any, *path: str) -> str:
    """Return the text at the end of a path of names; Unreadable where there is none."""
    found = _maybe(of, *path)
    if found is None:
        raise Unreadable(f"there is no {'.'.join(path)}")
    return found


def _maybe(of: Any, *path: str) -> str | None:
    """Return the text at the end of a path of names, None where there is none."""
    for name in path:
        of = of.get(name) if isinstance(of, Mapping) else None
    return storable(of) if isinstance(of, str) and of else None


def _part(of: Any, name: str) -> Payload:
    found = of.get(name) if isinstance(of, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _list(of: Payload, name: str) -> Sequence[Any]:
    found = of.get(name)
    return found if isinstance(found, list) else ()
