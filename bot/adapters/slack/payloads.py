"""Reading what Slack sends: which ask or which notice a payload is, or nothing that concerns Spy."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from bot.adapters.slack import forms
from bot.commands.ask import Ask, Deleted, Edited, Joined, Notice, Reacted, Renamed, Shared, Unreacted, Way

Payload = Mapping[str, Any]

SPEECH = frozenset({None, "thread_broadcast", "file_share"})
CALLED = re.compile(r"\s*spy(?:[,:]?\s+(?P<words>\S.*)|[,:]?\s*$)", re.IGNORECASE | re.DOTALL)


# --- asks -------------------------------------------------------------------------------------------------


def slash(body: Payload) -> Ask:
    """`/incident me "x"` says `incident me "x"`; `/spy …` says what follows."""
    name = body["command"].removeprefix("/")
    words = str(body.get("text") or "").strip()
    return Ask(
        id=body["trigger_id"],
        text=words if name == "spy" else f"{name} {words}".strip(),
        user=body["user_id"],
        user_name=body.get("user_name"),
        way=Way.SLASH,
        channel=body.get("channel_id"),
        trigger=body["trigger_id"],
        response_url=body.get("response_url"),
    )


def press(body: Payload) -> Ask | None:
    """A press says its button's value; one that only opens a link says nothing."""
    action = body["actions"][0]
    said = action.get("value") or (action.get("selected_option") or {}).get("value")
    if not said or action.get("type") not in {"button", "overflow", "static_select"}:
        return None
    message, container = body.get("message", {}), body.get("container", {})
    thread = message.get("thread_ts") or container.get("thread_ts")
    return Ask(
        id=body["trigger_id"],
        text=said,
        user=body["user"]["id"],
        user_name=_handle(body["user"]),
        way=Way.BUTTON,
        channel=body.get("channel", {}).get("id") or container.get("channel_id"),
        thread=thread if thread != message.get("ts") else None,
        trigger=body["trigger_id"],
        response_url=body.get("response_url"),
    )


def submission(body: Payload) -> Ask:
    """A form that is sent says the command that it was opened for, with what was filled in."""
    memory = forms.remembered(body["view"])
    return Ask(
        id=body.get("trigger_id") or body["view"]["id"],
        text=str(memory.get("command", "")),
        user=body["user"]["id"],
        user_name=_handle(body["user"]),
        way=Way.FORM,
        channel=memory.get("channel"),
        thread=memory.get("thread"),
        trigger=body.get("trigger_id"),
        incident=memory.get("incident"),
        given=forms.filled_in(body["view"].get("state", {}).get("values", {})),
    )


def mention(body: Payload, bot: str) -> Ask | None:
    """Slack sends no `app_mention` in a DM; what comes twice (an edit) is not said again."""
    event = body["event"]
    if _is_automatic(event) or "edited" in event or event["channel"].startswith("D"):
        return None
    return _spoken(body, Way.MENTION, after_mention(event.get("text", ""), bot))


def speech(body: Payload, bot: str) -> Ask | None:
    """A DM, or words that begin with `spy`; a mention comes as an event of its own."""
    event = body["event"]
    text = str(event.get("text") or "")
    if event.get("subtype") not in SPEECH or _is_automatic(event) or not text.strip():
        return None
    if event.get("channel_type") == "im":
        return _spoken(body, Way.DM, _without_call(after_mention(text, bot)))
    called = CALLED.match(text)
    if not called or not called["words"] or _mentions(text, bot):
        return None
    return _spoken(body, Way.PLAIN, called["words"].strip())


def _spoken(body: Payload, way: Way, text: str) -> Ask:
    event = body["event"]
    return Ask(
        id=body["event_id"],
        text=text,
        user=event["user"],
        way=way,
        channel=event["channel"],
        thread=event.get("thread_ts"),
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
    return rf"<@{re.escape(bot)}(?:\|[^>]*)?>" if bot else r"(?!)"


def _mentions(text: str, bot: str) -> bool:
    return re.search(_mention(bot), text) is not None


def _is_automatic(event: Payload) -> bool:
    return bool(event.get("bot_id")) or not event.get("user")


def _handle(user: Payload) -> str | None:
    return user.get("username") or user.get("name")


# --- notices ----------------------------------------------------------------------------------------------


def notice(body: Payload, bot: str) -> Notice | None:
    """Give what Spy takes note of without being asked."""
    read = READERS.get(body["event"]["type"])
    return read(body, bot) if read else None


def _joined(body: Payload, bot: str) -> Notice | None:
    event = body["event"]
    if event["user"] == bot:
        return None
    return Joined(id=body["event_id"], channel=event["channel"], person=event["user"])


def _reacted(body: Payload, _bot: str) -> Notice | None:
    event = body["event"]
    if event["item"].get("type") != "message":
        return None
    kind = Reacted if event["type"] == "reaction_added" else Unreacted
    return kind(
        id=body["event_id"],
        channel=event["item"]["channel"],
        person=event["user"],
        ts=event["item"]["ts"],
        emoji=event["reaction"],
    )


def _changed(body: Payload, _bot: str) -> Notice | None:
    event = body["event"]
    if event.get("subtype") == "file_share":
        return _shared(body)
    if event.get("subtype") == "message_deleted":
        return _deleted(body, event["deleted_ts"], event.get("previous_message", {}))
    if event.get("subtype") != "message_changed":
        return None
    message, before = event["message"], event.get("previous_message", {})
    if message.get("subtype") == "tombstone":
        return _deleted(body, message["ts"], before)
    if _is_automatic(message) or message.get("text") == before.get("text"):
        return None
    return Edited(
        id=body["event_id"],
        channel=event["channel"],
        person=message["user"],
        ts=message["ts"],
        text=message.get("text", ""),
    )


def _shared(body: Payload) -> Notice | None:
    """Of the files in a message, the pictures."""
    event = body["event"]
    files = (it for it in event.get("files", ()) if str(it.get("mimetype", "")).startswith("image/"))
    images = tuple(
        (str(it.get("title") or it.get("name") or "picture"), str(it["permalink"]))
        for it in files
        if it.get("permalink")
    )
    if not images or _is_automatic(event):
        return None
    return Shared(
        id=body["event_id"],
        channel=event["channel"],
        person=event["user"],
        ts=event["ts"],
        text=event.get("text", ""),
        images=images,
    )


def _deleted(body: Payload, ts: str, before: Payload) -> Notice | None:
    if before.get("bot_id"):
        return None
    return Deleted(id=body["event_id"], channel=body["event"]["channel"], ts=ts)


def _renamed(body: Payload, _bot: str) -> Notice:
    channel = body["event"]["channel"]
    return Renamed(id=body["event_id"], channel=channel["id"], name=channel["name"])


READERS: Mapping[str, Callable[[Payload, str], Notice | None]] = {
    "member_joined_channel": _joined,
    "reaction_added": _reacted,
    "reaction_removed": _reacted,
    "message": _changed,
    "channel_rename": _renamed,
    "group_rename": _renamed,
}
