"""Implement the Chat port with Slack's Web API."""

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from bot.adapters.network.server_clock import ServerClock
from bot.adapters.slack import forms, home
from bot.adapters.slack.blocks import messages, payload
from bot.adapters.slack.calls import Answer, Calls, entries, promised
from bot.adapters.slack.channels import SlackChannels
from bot.adapters.slack.client import PooledWebClient
from bot.adapters.slack.data_blocks import DataBlocks
from bot.adapters.slack.failures import SlackRejected
from bot.adapters.slack.history import history_page, thread_page
from bot.adapters.slack.identity import Identity
from bot.adapters.slack.lengths import INVITED
from bot.adapters.slack.limits import SlackLimits
from bot.adapters.slack.people import members, person_of, phone, profile
from bot.adapters.slack.reading import listed, maybe, part
from bot.adapters.slack.shortcuts import address
from bot.adapters.slack.silence import Silence
from bot.adapters.slack.words import words
from bot.domain.message import Message
from bot.domain.subject import is_person
from bot.ports import (
    Clock,
    Form,
    HistoryPage,
    Person,
    PersonMessage,
    Posted,
    Profile,
    Rejected,
    Throttled,
    Unreachable,
)

MARK = "spy"  # the metadata's event_type, by which a posted message is found
PAGE, PAGES = 200, 5
PEOPLE, PEOPLE_PAGES = 200, 50
"""People in one answer, as Slack advises, and answers at most: 10,000 people."""
TRIED_BEFORE = timedelta(hours=24)
"""How far back to look for a part of a message that an earlier attempt posted."""
PERSON_FAULTS = frozenset(
    {
        "already_in_channel",
        "cant_invite",
        "cant_invite_self",
        "user_not_found",
        "users_not_found",
        "user_is_restricted",
        "ura_max_channels",
        "user_team_not_in_channel",
        "failed_for_some_users",
    }
)
IN_ALREADY = frozenset({"already_in_channel", "cant_invite_self"})


class SlackChat:
    """Slack as `ports.Chat`. Safe to use from many threads.

    Call `identify` at start, never before an acknowledgement: it calls Slack.
    """

    def __init__(self, client: PooledWebClient, clock: Clock, *, limits: SlackLimits | None = None) -> None:
        self._client = client
        self.clock = ServerClock(clock)
        """Slack's clock, as known from its answers."""
        self._calls = Calls(client, limits or SlackLimits(), self.clock, Silence(clock))
        self._channels = SlackChannels(self._calls)
        self._identity: Identity | None = None
        self._data = DataBlocks(clock)

    # --- identity -----------------------------------------------------------------------------------------

    @property
    def identity(self) -> Identity | None:
        """Who Spy is in Slack; None before `identify`. Makes no call."""
        return self._identity

    @property
    def is_down(self) -> bool:
        """Whether Slack has answered no call for some time."""
        return self._calls.silence.is_outage

    def identify(self) -> Identity:
        """Return who Spy is in Slack. Calls Slack the first time only."""
        if self._identity is None:
            me = self._calls.request("auth.test")
            self._identity = Identity(
                team=promised(me, "team_id"),
                team_name=promised(me, "team"),
                url=promised(me, "url"),
                user=promised(me, "user_id"),
                bot=maybe(me, "bot_id") or "",
                name=promised(me, "user"),
                enterprise=maybe(me, "enterprise_id") or "",
            )
        return self._identity

    def trouble(self) -> str:
        """Ask Slack for an answer now. Return why none came; "" if it answers."""
        try:
            self._calls.request("api.test")
        except (Unreachable, Throttled, Rejected) as error:
            return str(error)
        return ""

    def warm(self, connections: int) -> None:
        """Open this many connections in parallel now, so that an incident need not. Errors are ignored."""
        together = threading.Barrier(connections)

        def knock() -> None:
            together.wait()
            with suppress(Unreachable, Throttled, Rejected):
                self._calls.request("api.test")

        with ThreadPoolExecutor(connections) as pool:
            for _ in range(connections):
                pool.submit(knock)

    def close(self) -> None:
        """Close the open connections."""
        self._client.close()

    def remember_channel(self, channel: str, name: str) -> None:
        """Remember a new channel. `find_channel` looks there before it calls Slack."""
        self._channels.remember(channel, name)

    # --- channels --------------------------------------------------------------------------------------------

    def create_channel(self, name: str, *, private: bool) -> str:
        answer = self._calls.write("conversations.create", who=name, name=name, is_private=private)
        return promised(answer, "channel", "id")

    def find_channel(self, name: str, *, private: bool, since: datetime) -> str | None:
        return self._channels.find(name, private=private, since=since, creator=self.identify().user)

    def invite(self, channel: str, people: Collection[str]) -> None:
        """Invite people. If some can't be invited, invite the others, then raise Rejected with their names."""
        names = list(dict.fromkeys(people))
        faults: dict[str, str] = {}
        for start in range(0, len(names), INVITED):
            faults |= self._invite(channel, names[start : start + INVITED])
        left_out = {person: code for person, code in faults.items() if code not in IN_ALREADY}
        if left_out:
            people_left = ", ".join(f"<@{person}> ({code})" for person, code in left_out.items())
            raise Rejected(next(iter(left_out.values())), f"Slack did not let Spy invite {people_left}.")

    def _invite(self, channel: str, people: list[str]) -> dict[str, str]:
        """Return Slack's error code by person, for each who could not be invited."""
        options: dict[str, Any] = {"force": True} if len(people) > 1 else {}
        try:
            answer = self._calls.write(
                "conversations.invite", channel=channel, users=",".join(people), **options
            )
        except SlackRejected as refusal:
            if refusal.code not in PERSON_FAULTS:
                raise
            if len(people) == 1:
                return {people[0]: refusal.code}
            return {p: code for person in people for p, code in self._invite(channel, [person]).items()}
        return _faults(answer)

    def channel_members(self, channel: str) -> Collection[str]:
        """Return the people in a channel. A list that is cut short, or without Spy, is not believed."""
        me, found, is_whole = self.identify().user, set[str](), False
        wanted = {"channel": channel, "limit": PEOPLE}
        for answer in self._answers("conversations.members", pages=PEOPLE_PAGES, **wanted):
            found.update(members(_list(answer, "members")))
            is_whole = not maybe(answer, "response_metadata", "next_cursor")
        if not is_whole or me not in found:
            raise Unreachable("Slack's list of the channel's members is not whole")
        return found - {me}

    def join(self, channel: str) -> None:
        self._calls.write("conversations.join", channel=channel)

    def archive(self, channel: str) -> None:
        try:
            self._calls.write("conversations.archive", channel=channel)
        except Rejected as refusal:
            if refusal.code != "already_archived":
                raise

    def set_topic(self, channel: str, topic: str) -> None:
        self._calls.write("conversations.setTopic", channel=channel, topic=topic)

    def bookmark(self, channel: str, title: str, url: str) -> None:
        self._calls.write("bookmarks.add", channel_id=channel, title=title, type="link", link=url)

    def has_bookmark(self, channel: str, url: str) -> bool:
        answer = self._calls.request("bookmarks.list", channel_id=channel)
        return any(it.get("link") == url for it in entries(answer, "bookmarks"))

    def permalink(self, channel: str, ts: str | None = None) -> str:
        if self.identity is None:
            at = f"&message_ts={ts}" if ts else ""
            return f"https://slack.com/app_redirect?channel={channel}{at}"
        place = f"{self.identity.url}archives/{channel}"
        return f"{place}/p{ts.replace('.', '')}" if ts else place

    # --- messages -----------------------------------------------------------------------------------------

    def post(self, to: str, message: Message, *, key: str, thread: str | None = None) -> Posted:
        """Post a message, in several parts if it is too long for one. Return the first part.

        The last part has the key: if it is found, all parts were posted.
        """
        *others, last = messages(message)
        first: Posted | None = None
        for number, begun in enumerate(others, 1):
            posted = self._post_once(to, begun, key=f"{key} {number}", thread=thread)
            first = first or posted
        return self._post(to, last, key=key, thread=thread, first=first)

    def _post_once(self, to: str, message: Message, *, key: str, thread: str | None) -> Posted:
        """Post a part, unless an earlier attempt posted it."""
        since = self.clock.now() - TRIED_BEFORE
        return self.find_post(to, key=key, since=since, thread=thread) or self._post(
            to, message, key=key, thread=thread
        )

    def _post(
        self, to: str, message: Message, *, key: str, thread: str | None, first: Posted | None = None
    ) -> Posted:
        begun = {"first": first.ts} if first else {}

        def send(shown: Message) -> Answer:
            return self._calls.write(
                "chat.postMessage",
                who=key,
                channel=to,
                **_said(shown),
                **_in(thread),
                metadata={"event_type": MARK, "event_payload": {"key": key, **begun}},
                unfurl_links=False,
                unfurl_media=False,
            )

        answer = self._data.send(message, send)
        return first or self._posted(promised(answer, "channel"), promised(answer, "ts"))

    def find_post(self, to: str, *, key: str, since: datetime, thread: str | None = None) -> Posted | None:
        channel = self._conversation(to)
        for message in self._history(channel, since, thread):
            mark = part(message, "metadata")
            if mark.get("event_type") == MARK and maybe(mark, "event_payload", "key") == key:
                first = maybe(mark, "event_payload", "first")
                return self._posted(channel, first or promised(message, "ts"))
        return None

    def edit(self, posted: Posted, message: Message) -> None:
        where = {"who": posted.ts, "channel": posted.channel, "ts": posted.ts}
        self._data.send(message, lambda it: self._calls.write("chat.update", **where, **payload(it)))

    def post_ephemeral(
        self, channel: str, person: str, message: Message, *, thread: str | None = None
    ) -> None:
        where = {"who": f"{channel}:{person}", "channel": channel, "user": person, **_in(thread)}
        for each in messages(message):
            self._data.send(each, lambda it: self._calls.write("chat.postEphemeral", **where, **_said(it)))

    def respond(self, url: str, message: Message) -> None:
        private = {"response_type": "ephemeral", "replace_original": False}
        for each in messages(message):
            self._data.send(each, lambda it: self._calls.respond(url, {**private, **_said(it)}))

    def read(self, channel: str, ts: str) -> PersonMessage:
        only = {"channel": channel, "oldest": ts, "latest": ts, "inclusive": True, "limit": 1}
        for method, more in (("conversations.history", {}), ("conversations.replies", {"ts": ts})):
            for message in entries(self._calls.request(method, **only, **more), "messages"):
                if message.get("ts") == ts:
                    return _read(message)
        raise Rejected("message_not_found", "That message is gone.")

    def history(self, channel: str, *, after: str, before: str) -> HistoryPage:
        wanted = {"channel": channel, "oldest": after, "latest": before, "limit": PAGE}
        answer = self._calls.request("conversations.history", **wanted)
        link = partial(self.permalink, channel)
        return history_page(answer, after=after, before=before, us=self.identify(), link=link)

    def replies(
        self, channel: str, thread: str, *, after: str, before: str, cursor: str | None = None
    ) -> HistoryPage:
        wanted = {"channel": channel, "ts": thread, "oldest": after, "latest": before, "limit": PAGE}
        answer = self._calls.request(
            "conversations.replies", **wanted, **({"cursor": cursor} if cursor else {})
        )

        def link(ts: str) -> str:
            return address(self.permalink, channel, ts, thread=thread)

        return thread_page(answer, thread, after=after, before=before, us=self.identify(), link=link)

    # --- forms and people ---------------------------------------------------------------------------------

    def open_form(self, trigger: str, form: Form, *, memory: Mapping[str, Any]) -> None:
        self._calls.write("views.open", who=trigger, trigger_id=trigger, view=forms.view(form, memory))

    def publish_home(self, person: str, message: Message, *, replaces: str | None = None) -> str | None:
        known = {"hash": replaces} if replaces else {}
        answer = self._calls.write(
            "views.publish", who=person, user_id=person, view=home.view(message), **known
        )
        return maybe(answer, "view", "hash")

    def profile(self, person: str) -> Profile:
        return profile({**self._user("users.info", user=person), "id": person}, self.identify())

    def phone(self, person: str) -> str | None:
        return phone(self._user("users.info", user=person))

    def people(self) -> Iterator[Sequence[Person]]:
        us = self.identify()
        for answer in self._answers("users.list", pages=PEOPLE_PAGES, limit=PEOPLE):
            found = (person_of(user, us) for user in entries(answer, "members"))
            yield [it for it in found if it]

    def find_by_email(self, email: str) -> Person | None:
        try:
            user = self._user("users.lookupByEmail", email=email)
        except Rejected as rejected:
            if rejected.code == "users_not_found":
                return None
            raise
        found = person_of(user, self.identify())
        return None if found is None or found.is_deactivated else found

    def group_members(self, group: str) -> Sequence[str]:
        return members(_list(self._calls.request("usergroups.users.list", usergroup=group), "users"))

    def set_group_members(self, group: str, people: Sequence[str]) -> None:
        self._calls.request("usergroups.users.update", usergroup=group, users=",".join(people))

    # --- helpers ------------------------------------------------------------------------------------------

    def _user(self, method: str, **who: str) -> Mapping[str, Any]:
        user = part(self._calls.request(method, **who), "user")
        if not user:
            raise Unreachable("Slack's answer has no user")
        return user

    def _posted(self, channel: str, ts: str) -> Posted:
        return Posted(channel=channel, ts=ts, permalink=self.permalink(channel, ts))

    def _conversation(self, to: str) -> str:
        """Return the channel id; for a person, that of the DM with them."""
        if not is_person(to):
            return to
        return promised(self._calls.write("conversations.open", users=to), "channel", "id")

    def _history(self, channel: str, since: datetime, thread: str | None) -> Iterator[Mapping[str, Any]]:
        method = "conversations.replies" if thread else "conversations.history"
        wanted: dict[str, Any] = {
            "channel": channel,
            "oldest": f"{self.clock.since(since).timestamp():.6f}",
            "include_all_metadata": True,
            "limit": PAGE,
        } | ({"ts": thread} if thread else {})
        for answer in self._answers(method, pages=PAGES, **wanted):
            yield from entries(answer, "messages")

    def _answers(self, method: str, *, pages: int, **wanted: Any) -> Iterator[Answer]:
        for _ in range(pages):
            answer = self._calls.request(method, **wanted)
            yield answer
            cursor = maybe(answer, "response_metadata", "next_cursor")
            if not cursor:
                return
            wanted["cursor"] = cursor


def _said(message: Message) -> dict[str, Any]:
    """Return the payload of a new message, without empty parts. An edit keeps them, to remove old blocks."""
    return {name: value for name, value in payload(message).items() if value}


def _read(message: Mapping[str, Any]) -> PersonMessage:
    if not (text := words(message)):
        raise Rejected("no_text", "That message has no text. Add what it shows with `incident note`.")
    return PersonMessage(text=text, person=maybe(message, "user"))


def _in(thread: str | None) -> dict[str, str]:
    return {"thread_ts": thread} if thread else {}


def _list(answer: Answer, name: str) -> list[object]:
    """Return a list in the answer. Raise Unreachable if there is none."""
    found = answer.get(name)
    if not isinstance(found, list):
        raise Unreachable(f"Slack's answer has no {name}")
    return found


def _faults(answer: Answer) -> dict[str, str]:
    faults = ((maybe(it, "user"), maybe(it, "error") or "") for it in listed(answer, "errors"))
    return {person: code for person, code in faults if person}
