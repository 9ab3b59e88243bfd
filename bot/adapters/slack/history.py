"""Read a page of a channel's history: what people and other apps said there."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from bot.adapters.slack.calls import Answer, entries
from bot.adapters.slack.identity import Identity
from bot.adapters.slack.reading import maybe
from bot.adapters.slack.words import words
from bot.ports import HistoryPage, PastMessage

SAID = (None, "bot_message", "file_share", "me_message", "thread_broadcast")
"""The subtypes of messages in which somebody says something. The others tell who came, what was renamed and so on."""
TS = re.compile(r"[0-9]{1,11}\.[0-9]{1,6}")
Link = Callable[[str], str]


def history_page(answer: Answer, *, after: str, before: str, us: Identity, link: Link) -> HistoryPage:
    """Return a page of Slack's answer. What is not between the two `ts` is not believed."""
    found = {ts: it for it in entries(answer, "messages") if (ts := _ts(it, after, before))}
    oldest_first = sorted(found, key=float)
    said = (_said(ts, found[ts], us, link) for ts in oldest_first)
    goes_on = answer.get("has_more") is True and bool(oldest_first)
    return HistoryPage(
        messages=[it for it in said if it],
        read=len(found),
        before=oldest_first[0] if goes_on else None,
        threads=tuple(ts for ts in oldest_first if _has_replies(found[ts])),
    )


def thread_page(
    answer: Answer, thread: str, *, after: str, before: str, us: Identity, link: Link
) -> HistoryPage:
    """Return a page of a thread without its first message, which Slack puts on each page."""
    found = {ts: it for it in entries(answer, "messages") if (ts := _ts(it, after, before)) and ts != thread}
    said = (_said(ts, found[ts], us, link) for ts in sorted(found, key=float))
    cursor = maybe(answer, "response_metadata", "next_cursor")
    return HistoryPage(messages=[it for it in said if it], read=len(found), cursor=cursor or None)


def _ts(message: Mapping[str, Any], after: str, before: str) -> str | None:
    ts = maybe(message, "ts") or ""
    return ts if TS.fullmatch(ts) and float(after) < float(ts) < float(before) else None


def _said(ts: str, message: Mapping[str, Any], us: Identity, link: Link) -> PastMessage | None:
    person, text = maybe(message, "user"), words(message)
    is_ours = person == us.user or (us.bot and maybe(message, "bot_id") == us.bot)
    is_for_us = text.startswith(f"<@{us.user}")
    if message.get("subtype") not in SAID or message.get("hidden") or is_ours or is_for_us or not text:
        return None
    app = None if person else maybe(message, "username") or maybe(message, "bot_profile", "name")
    return PastMessage(ts=ts, text=f"{app}: {text}" if app else text, person=person, permalink=link(ts))


def _has_replies(message: Mapping[str, Any]) -> bool:
    count = message.get("reply_count")
    return isinstance(count, int) and count > 0
