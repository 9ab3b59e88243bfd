"""What one person sees of the workspace: the sidebar, messages, a thread, a modal, the home tab."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from bot.sandbox import Box
from bot.sandbox.github.shapes import REPOSITORY, SITE
from bot.sandbox.page.location import HOME, PageLocation
from bot.sandbox.page.mrkdwn import Names
from bot.sandbox.page.read_markers import ReadMarkers
from bot.sandbox.pagerduty.shapes import SITE as PAGERDUTY
from bot.sandbox.slack.emoji import character
from bot.sandbox.slack.world import TEAM_URL, SlackChannel, SlackMessage, SlackPerson, SlackView

SHOWN = 100  # messages at a time
ARCHIVES = re.compile(
    rf"{re.escape(TEAM_URL)}archives/(?P<channel>\w+)(?:/p(?P<ts>\d{{16}}))?(?:\?thread_ts=(?P<thread>[\d.]+))?"
)
ISSUE = re.compile(rf"{re.escape(SITE)}/{re.escape(REPOSITORY)}/issues/(\d+)")
GREY = re.compile(r"(?:channel|group)_(?:join|leave|topic|purpose|name|archive|unarchive)")


@dataclass(frozen=True, kw_only=True)
class SidebarChannel:
    """A channel in the sidebar."""

    channel: SlackChannel
    is_here: bool
    is_unread: bool
    mentions: int


@dataclass(frozen=True, kw_only=True)
class Reaction:
    name: str
    character: str | None
    people: tuple[str, ...]
    is_mine: bool


@dataclass(frozen=True, kw_only=True)
class MessageView:
    """A message for one reader; `at` is in the reader's time zone, `own` is the text that they may edit."""

    message: SlackMessage
    author: SlackPerson
    at: datetime
    is_grey: bool
    reactions: tuple[Reaction, ...]
    replies: tuple[SlackMessage, ...]
    repliers: tuple[SlackPerson, ...]
    own: str | None

    @property
    def text(self) -> str:
        """The text without the name at its start; the page shows the name before the line."""
        text = self.message.text
        return re.sub(r"^<@\w+> has (?=joined|left|renamed)", "", text) if self.is_grey else text


class ChannelViews:
    """Reads the workspace on each call. Only the read markers are kept."""

    def __init__(self, box: Box) -> None:
        self._box = box
        self._slack = box.slack
        self.reading = ReadMarkers(box.slack.state)

    def here(self, location: PageLocation) -> SlackChannel | None:
        """Return the channel of the location, if the person may see it."""
        found = self._slack.state.channels.get(location.place)
        return found if found and self.may_enter(self.viewer(location), found) else None

    def viewer(self, location: PageLocation) -> SlackPerson:
        return self._slack.person(location.person)

    def people(self) -> list[SlackPerson]:
        """Return the people that one can act as."""
        return [person for person in self._slack.state.people.values() if not person.is_bot]

    def may_enter(self, person: SlackPerson, channel: SlackChannel) -> bool:
        if person.id in channel.members:
            return True
        return not (channel.is_private or channel.is_im or person.is_guest)

    # --- the sidebar

    def joined(self, location: PageLocation) -> list[SidebarChannel]:
        """Return the person's own channels."""
        who = self.viewer(location)
        return [self._sidebar_channel(location, who, c) for c in self._open() if who.id in c.members]

    def others(self, location: PageLocation) -> list[SidebarChannel]:
        """Return the channels that the person can join."""
        who = self.viewer(location)
        found = [c for c in self._open() if who.id not in c.members and self.may_enter(who, c)]
        return [self._sidebar_channel(location, who, c) for c in found]

    def dm(self, location: PageLocation) -> SidebarChannel:
        who = self.viewer(location)
        return self._sidebar_channel(location, who, self._slack.state.channels[who.dm])

    def _open(self) -> list[SlackChannel]:
        return [channel for channel in self._slack.channels if not channel.is_archived]

    def _sidebar_channel(
        self, location: PageLocation, who: SlackPerson, channel: SlackChannel
    ) -> SidebarChannel:
        is_in, is_here = who.id in channel.members, channel.id == location.place
        return SidebarChannel(
            channel=channel,
            is_here=is_here,
            is_unread=is_in and not is_here and self.reading.is_unread(who, channel),
            mentions=0 if is_here or not is_in else self.reading.mentions(who, channel),
        )

    # --- messages

    def latest(
        self, location: PageLocation, channel: SlackChannel, before: str = ""
    ) -> tuple[list[MessageView], bool]:
        """Return the last hundred messages, before one if given, and whether there are older ones."""
        found = [m for m in self._seen(location, channel) if not before or m.ts < before]
        return self._lines(location, channel, found[-SHOWN:]), len(found) > SHOWN

    def some(
        self, location: PageLocation, channel: SlackChannel, wanted: Iterable[str], *, in_thread: bool
    ) -> list[MessageView]:
        """Return the wanted messages that the person can see, in the channel or the open thread."""
        seen = self._in_thread(location, channel) if in_thread else self._seen(location, channel)
        asked = set(wanted)
        return self._lines(location, channel, [m for m in seen if m.ts in asked])

    def thread(self, location: PageLocation, channel: SlackChannel) -> list[MessageView]:
        """Return the first message and its replies."""
        return self._lines(location, channel, self._in_thread(location, channel))

    def _seen(self, location: PageLocation, channel: SlackChannel) -> list[SlackMessage]:
        """Return the messages without replies, with the person's ephemeral messages among them."""
        top = [m for m in self._slack.messages(channel.id) if m.thread_ts in (None, m.ts)]
        ephemerals = [m for m in self._ephemerals(location, channel) if not m.thread_ts]
        return sorted([*top, *ephemerals], key=lambda m: m.ts) if ephemerals else top

    def _in_thread(self, location: PageLocation, channel: SlackChannel) -> list[SlackMessage]:
        everything = [*self._slack.messages(channel.id), *self._ephemerals(location, channel)]
        return sorted(
            (m for m in everything if location.thread and location.thread in (m.ts, m.thread_ts)),
            key=lambda m: m.ts,
        )

    def _ephemerals(self, location: PageLocation, channel: SlackChannel) -> list[SlackMessage]:
        return [m for m in self._slack.ephemerals(location.person) if m.channel == channel.id]

    def _lines(
        self, location: PageLocation, channel: SlackChannel, messages: list[SlackMessage]
    ) -> list[MessageView]:
        who, zone = self.viewer(location), self.zone(location)
        replies: dict[str, list[SlackMessage]] = {}
        for message in self._slack.messages(channel.id):
            if message.thread_ts and message.thread_ts != message.ts:
                replies.setdefault(message.thread_ts, []).append(message)
        return [self._line(m, who, zone, tuple(replies.get(m.ts, ()))) for m in messages]

    def _line(
        self, m: SlackMessage, who: SlackPerson, zone: tzinfo, replies: tuple[SlackMessage, ...]
    ) -> MessageView:
        people = self._slack.state.people
        is_mine = m.user == who.id and m.subtype is None and m.ephemeral_to is None
        return MessageView(
            message=m,
            author=people[m.user],
            at=datetime.fromtimestamp(float(m.ts), UTC).astimezone(zone),
            is_grey=GREY.fullmatch(m.subtype or "") is not None,
            reactions=tuple(self._reaction(who, *pair) for pair in list(m.reactions.items())),
            replies=replies,
            repliers=tuple(people[user] for user in dict.fromkeys(r.user for r in replies)),
            own=self._slack.state.reader.mrkdwn(m.text) if is_mine else None,
        )

    def _reaction(self, who: SlackPerson, name: str, users: list[str]) -> Reaction:
        people = tuple(self._slack.state.people[user].name for user in users)
        return Reaction(name=name, character=character(name), people=people, is_mine=who.id in users)

    # --- forms and the home tab

    def modal(self, location: PageLocation) -> SlackView | None:
        """Return the person's top modal."""
        return next(reversed(self._slack.views(location.person)), None)

    def home(self, location: PageLocation) -> SlackView | None:
        return self._slack.home(location.person) if location.place == HOME else None

    # --- words

    def zone(self, location: PageLocation) -> tzinfo:
        return ZoneInfo(self.viewer(location).tz)

    def names(self, location: PageLocation) -> Names:
        who, state = self.viewer(location), self._slack.state

        def may_enter(id_: str) -> bool:
            channel = state.channels.get(id_)
            return channel is not None and self.may_enter(who, channel)

        return Names(
            reader=who.id,
            of=state.name_of,
            may_enter=may_enter,
            link=lambda address: self._inside(location, address),
            zone=self.zone(location),
            now=self._box.clock.now,
        )

    def _inside(self, location: PageLocation, address: str) -> str:
        """Return the page's own address for a link into the workspace, or the link itself."""
        if address.startswith("#"):
            return location.address(place=address[1:])
        if match := ARCHIVES.fullmatch(address):
            ts = match["ts"] and f"{match['ts'][:-6]}.{match['ts'][-6:]}"
            anchor = f"#m{ts}" if ts else ""
            return location.address(place=match["channel"], thread=match["thread"] or "") + anchor
        if match := ISSUE.match(address):
            return location.address(dock="github", issue=match[1])
        return location.address(dock="phones") if address.startswith(PAGERDUTY) else address
