"""A chat in memory, which keeps what was said and done in it, and can be told to fail."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from typing import Any

from bot.domain.message import Message
from bot.ports import Clock, Form, HistoryPage, PastMessage, Person, PersonMessage, Posted, Profile, Rejected

WORKSPACE = "https://acme.slack.com/"


class WallClock:
    """The real time, for what is held against the real world."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(kw_only=True)
class Channel:
    """A channel; `ours` tells whether Spy made it, `joined` whether it is in."""

    id: str
    name: str
    private: bool = False
    ours: bool = True
    joined: bool = True
    archived: bool = False
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    people: list[str] = field(default_factory=list)
    topic: str = ""
    bookmarks: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Post:
    """What was said: `to` is a channel or a person."""

    to: str
    ts: str
    message: Message
    key: str = ""
    thread: str | None = None
    person: str | None = None


class FakeChat:
    """Implements `ports.Chat`. `failures` are raised in turn by the method they are filed under."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or WallClock()
        self.channels: dict[str, Channel] = {}
        self.posts: list[Post] = []
        self.ephemerals: list[Post] = []
        self.responses: list[tuple[str, Message]] = []
        self.forms: list[tuple[str, Form, dict[str, Any]]] = []
        self.homes: dict[str, list[Message]] = {}
        """What each person's Home tab has shown, in order."""
        self.home_marks: dict[str, str] = {}
        self.profiles: dict[str, Profile] = {}
        self.phones: dict[str, str] = {}
        self.groups: dict[str, tuple[str, ...]] = {}
        self.calls: list[str] = []
        self.failures: dict[str, list[Exception]] = {}
        self.page = 100
        """How many messages one page of a channel's history has."""
        self._numbers = count(1)

    # --- arranging and asking -----------------------------------------------------------------------------

    def fail(self, method: str, *failures: Exception) -> None:
        """Let the next calls of a method raise these, one each, before anything is done."""
        self.failures.setdefault(method, []).extend(failures)

    def has_channel(self, channel: str, name: str, **facts: Any) -> Channel:
        """Let there be a channel, made by a person unless told otherwise."""
        self.channels[channel] = Channel(id=channel, name=name, **({"ours": False} | facts))
        return self.channels[channel]

    def person_says(
        self, channel: str, person: str, text: str, *, thread: str | None = None, at: datetime | None = None
    ) -> str:
        ts = f"{at.timestamp():.0f}.{next(self._numbers):06}" if at else self._ts()
        post = Post(to=channel, ts=ts, message=Message(text=text), person=person, thread=thread)
        self.posts.append(post)
        return ts

    def said_in(self, to: str) -> list[str]:
        return [post.message.text for post in self.posts if post.to == to]

    # --- ports.Chat ---------------------------------------------------------------------------------------

    def create_channel(self, name: str, *, private: bool) -> str:
        self._called("create_channel")
        if any(it.name == name for it in self.channels.values()):
            raise Rejected("name_taken", "A channel of that name exists already.")
        channel = f"C{next(self._numbers):05}"
        self.channels[channel] = Channel(id=channel, name=name, private=private, created=self._clock.now())
        return channel

    def find_channel(self, name: str, *, private: bool, since: datetime) -> str | None:
        self._called("find_channel")
        for channel in self.channels.values():
            if (
                channel.name == name
                and channel.private == private
                and channel.ours
                and channel.created >= since
            ):
                return channel.id
        return None

    def invite(self, channel: str, people: Collection[str]) -> None:
        self._called("invite")
        there = self._channel(channel).people
        known = [person for person in people if self._knows(person)]
        there.extend(person for person in known if person not in there)
        strangers = [person for person in people if not self._knows(person)]
        if strangers:
            raise Rejected("user_not_found", f"Slack did not let Spy invite {', '.join(strangers)}.")

    def channel_members(self, channel: str) -> Collection[str]:
        self._called("channel_members")
        return set(self._channel(channel).people)

    def archive(self, channel: str) -> None:
        self._called("archive")
        self._channel(channel).archived = True

    def set_topic(self, channel: str, topic: str) -> None:
        self._called("set_topic")
        self._channel(channel).topic = topic

    def bookmark(self, channel: str, title: str, url: str) -> None:
        self._called("bookmark")
        self._channel(channel).bookmarks[url] = title

    def has_bookmark(self, channel: str, url: str) -> bool:
        self._called("has_bookmark")
        return url in self._channel(channel).bookmarks

    def permalink(self, channel: str, ts: str | None = None) -> str:
        place = f"{WORKSPACE}archives/{channel}"
        return f"{place}/p{ts.replace('.', '')}" if ts else place

    def post(self, to: str, message: Message, *, key: str, thread: str | None = None) -> Posted:
        self._called("post")
        self._written(to)
        post = Post(to=to, ts=self._ts(), message=message, key=key, thread=thread)
        self.posts.append(post)
        return self._posted(post)

    def find_post(self, to: str, *, key: str, since: datetime, thread: str | None = None) -> Posted | None:
        self._called("find_post")
        for post in self.posts:
            if (post.to, post.key, post.thread) == (to, key, thread) and float(
                post.ts
            ) >= since.timestamp() - 60:
                return self._posted(post)
        return None

    def edit(self, posted: Posted, message: Message) -> None:
        self._called("edit")
        for index, post in enumerate(self.posts):
            if self._posted(post).ts == posted.ts:
                self.posts[index] = replace(post, message=message)
                return
        raise Rejected("message_not_found", "That message is gone.")

    def post_ephemeral(
        self, channel: str, person: str, message: Message, *, thread: str | None = None
    ) -> None:
        self._called("whisper")
        self._written(channel)
        self.ephemerals.append(Post(to=channel, ts=self._ts(), message=message, person=person, thread=thread))

    def respond(self, url: str, message: Message) -> None:
        self._called("respond")
        self.responses.append((url, message))

    def open_form(self, trigger: str, form: Form, *, memory: Mapping[str, Any]) -> None:
        self._called("open_form")
        self.forms.append((trigger, form, dict(memory)))

    def publish_home(self, person: str, message: Message, *, replaces: str | None = None) -> str | None:
        self._called("publish_home")
        if not self._knows(person):
            raise Rejected("user_not_found", "Slack knows no such person here.")
        if replaces is not None and replaces != self.home_marks.get(person):
            raise Rejected("hash_conflict", "The Home tab shows something else by now.")
        self.homes.setdefault(person, []).append(message)
        self.home_marks[person] = f"mark-{next(self._numbers)}"
        return self.home_marks[person]

    def join(self, channel: str) -> None:
        self._called("join")
        self._channel(channel).joined = True

    def read(self, channel: str, ts: str) -> PersonMessage:
        self._called("read")
        for post in self.posts:
            if (post.to, post.ts) == (channel, ts):
                return PersonMessage(text=post.message.text, person=post.person)
        raise Rejected("message_not_found", "That message is gone.")

    def history(self, channel: str, *, after: str, before: str) -> HistoryPage:
        self._called("history")
        if not self._channel(channel).joined:
            raise Rejected("not_in_channel", "Spy is not in that channel.")
        posts = [it for it in self.posts if it.to == channel and after < it.ts < before and not it.thread]
        newest = sorted(posts, key=lambda it: it.ts)[-self.page :]
        answered = {it.thread for it in self.posts}
        return HistoryPage(
            messages=[
                PastMessage(
                    ts=it.ts,
                    text=it.message.text,
                    person=it.person,
                    permalink=self.permalink(channel, it.ts),
                )
                for it in newest
                if it.person
            ],
            read=len(newest),
            before=newest[0].ts if len(posts) > len(newest) else None,
            threads=[it.ts for it in newest if it.ts in answered],
        )

    def replies(
        self, channel: str, thread: str, *, after: str, before: str, cursor: str | None = None
    ) -> HistoryPage:
        self._called("replies")
        if not self._channel(channel).joined:
            raise Rejected("not_in_channel", "Spy is not in that channel.")
        posts = [it for it in self.posts if (it.to, it.thread) == (channel, thread)]
        found = sorted((it for it in posts if after < it.ts < before), key=lambda it: it.ts)
        start = int(cursor or 0)
        some = found[start : start + self.page]
        link = f"?thread_ts={thread}&cid={channel}"
        return HistoryPage(
            messages=[
                PastMessage(
                    ts=it.ts,
                    text=it.message.text,
                    person=it.person,
                    permalink=self.permalink(channel, it.ts) + link,
                )
                for it in some
                if it.person
            ],
            read=len(some),
            cursor=str(start + self.page) if start + self.page < len(found) else None,
        )

    def profile(self, person: str) -> Profile:
        self._called("profile")
        if not self._knows(person):
            raise Rejected("user_not_found", "Slack knows no such person here.")
        return self.profiles[person] if self.profiles else Profile(name=person)

    def phone(self, person: str) -> str | None:
        self._called("phone")
        return self.phones.get(person)

    def people(self) -> Iterator[Sequence[Person]]:
        self._called("people")
        yield [Person(id=it, **asdict(profile)) for it, profile in self.profiles.items()]

    def find_by_email(self, email: str) -> Person | None:
        self._called("find_by_email")
        for person, known in self.profiles.items():
            if known.email == email.casefold():
                return Person(
                    id=person, name=known.name, email=known.email, zone=known.zone, is_guest=known.is_guest
                )
        return None

    def group_members(self, group: str) -> Sequence[str]:
        self._called("group_members")
        if group not in self.groups:
            raise Rejected("no_such_subteam", "Slack knows no such user group.")
        return self.groups[group]

    def set_group_members(self, group: str, people: Sequence[str]) -> None:
        self._called("set_group_members")
        if group not in self.groups:
            raise Rejected("no_such_subteam", "Slack knows no such user group.")
        if not people:
            raise Rejected("no_users_provided", "A user group has at least one member.")
        self.groups[group] = tuple(people)

    # --- below --------------------------------------------------------------------------------------------

    def _called(self, method: str) -> None:
        self.calls.append(method)
        waiting = self.failures.get(method)
        if waiting:
            raise waiting.pop(0)

    def _knows(self, person: str) -> bool:
        """Everybody is known, unless profiles say who is."""
        return not self.profiles or person in self.profiles

    def _channel(self, channel: str) -> Channel:
        if channel not in self.channels:
            raise Rejected("channel_not_found", "Spy can't see that channel.")
        return self.channels[channel]

    def _written(self, to: str) -> None:
        """Refuse where Slack would. A channel that was never arranged takes everything."""
        channel = self.channels.get(to)
        if channel and channel.archived:
            raise Rejected("is_archived", "That channel is archived.")
        if channel and not channel.joined:
            raise Rejected("not_in_channel", "Spy is not in that channel.")

    def _ts(self) -> str:
        return f"{self._clock.now().timestamp():.0f}.{next(self._numbers):06}"

    def _posted(self, post: Post) -> Posted:
        channel = f"D{post.to[1:]}" if post.to.startswith(("U", "W")) else post.to
        return Posted(channel=channel, ts=post.ts, permalink=self.permalink(channel, post.ts))
