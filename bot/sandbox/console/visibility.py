"""What can be seen from where a person stands: in a channel, in private, on a phone."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from bot.sandbox import Box
from bot.sandbox.console.script import BOT, PHONE, ExpectAction, ExpectNotAction
from bot.sandbox.pagerduty.pagerduty import NobodyThereError, PhoneRing
from bot.sandbox.slack.fields import labels
from bot.sandbox.slack.world import SlackChannel, SlackMessage

EVER = datetime(1970, 1, 1, tzinfo=UTC)
SHOWN = 6  # the last texts of a place, for who missed something there


def flat(text: str) -> str:
    """Comparable: no matter of case, line ends or runs of spaces."""
    return " ".join(text.casefold().split())


class Visibility:
    """People are handles. A place is #name, where * stands for the rest of it, or @spy, or a phone.

    Messages, rings and channels named with a * are seen that are no older than `since`.
    """

    def __init__(self, box: Box, since: datetime = EVER) -> None:
        self._box = box
        self._slack = box.slack
        self._since = since

    def place_name(self, channel_id: str) -> str:
        channel = self._slack.state.channel(channel_id)
        if channel is None:
            return channel_id  # it is deleted by now
        return f"@{channel.name} from spy" if channel.is_im else f"#{channel.name}"

    def channels(self, person: str, place: str) -> list[SlackChannel]:
        """Those that the place can mean, the newest last."""
        if place == BOT:
            return [self._slack.channel(self._slack.person(person).dm)]
        name = place.removeprefix("#")
        oldest = int(self._since.timestamp()) if "*" in name else 0
        return [
            channel
            for channel in self._slack.channels
            if fnmatch.fnmatchcase(channel.name, name) and channel.created >= oldest
        ]

    def here(self, person: str, place: str) -> list[str]:
        """Everything this person sees there, forms included, the oldest first."""
        if place == PHONE:
            return self.phone(person)
        channels = self.channels(person, place)
        return [*self._texts(person, channels), *self._forms(person)]

    def everybody(self, place: str) -> list[str]:
        """What is there for all who are in the channel."""
        return [text for channel in self.channels("", place) for text in self._in_channel(channel)]

    def private(self, person: str) -> list[str]:
        """What this person alone sees, wherever it is shown."""
        dm = self._slack.channel(self._slack.person(person).dm)
        ephemerals = [self._slack.text_of(m) for m in self._fresh(self._slack.ephemerals(person))]
        return [*self._in_channel(dm), *ephemerals, *self._forms(person)]

    def phone(self, person: str) -> list[str]:
        return [f"rings: [#{ring.number}] {ring.title} ({ring.service})" for ring in self.rings(person)]

    def rings(self, person: str, words: str = "") -> list[PhoneRing]:
        """What rings, or what of it has these words in it, the latest last."""
        phones = self._box.pagerduty.phones
        if person not in phones:
            raise NobodyThereError(f"{person} has no phone in PagerDuty")
        return [it for it in phones[person] if it.since >= self._since and flat(words) in flat(it.title)]

    def looked_at(
        self, expectation: ExpectAction | ExpectNotAction, person: str, place: str
    ) -> tuple[str, list[str]]:
        """The name of the place an expectation is about, and what is to be seen there."""
        if expectation.switch:
            return "on the switch", self._box.sites.seen()
        if expectation.phone:
            return f"on {expectation.phone}'s phone", self.phone(expectation.phone)
        if expectation.person:
            return f"to {expectation.person}", self.private(expectation.person)
        if expectation.channel and expectation.channel != BOT:
            return f"in {expectation.channel}", self.everybody(expectation.channel)
        where = expectation.channel or place
        return f"in {where} as {person}", self.here(person, where)

    def messages(self, person: str, place: str) -> list[SlackMessage]:
        """What people or the bot wrote there, for everybody or for this person."""
        return [
            message
            for channel in self.channels(person, place)
            for message in self._visible(person, channel)
            if message.subtype in (None, "bot_message")
        ]

    def button(self, person: str, place: str, label: str) -> tuple[SlackMessage, str] | None:
        """The latest message there with such a button, and the button's true label."""
        found = (
            (message, name)
            for message in reversed(self.messages(person, place))
            for name in labels(message.blocks)
            if flat(name) == flat(label)
        )
        return next(found, None)

    def form_button(self, person: str, label: str) -> str | None:
        """The true label of such a button in the form on top."""
        forms = self._slack.views(person)[-1:]
        names = (name for form in forms for name in labels(form.body["blocks"]))
        return next((name for name in names if flat(name) == flat(label)), None)

    def _visible(self, person: str, channel: SlackChannel) -> list[SlackMessage]:
        ephemerals = [m for m in self._slack.ephemerals(person) if m.channel == channel.id]
        return sorted(self._fresh([*self._slack.messages(channel.id), *ephemerals]), key=lambda m: m.ts)

    def _fresh(self, messages: Iterable[SlackMessage]) -> list[SlackMessage]:
        oldest = self._since.timestamp()
        return [message for message in messages if float(message.ts) >= oldest]

    def _texts(self, person: str, channels: list[SlackChannel]) -> Iterator[str]:
        for channel in channels:
            yield from self._about(channel)
            yield from (self._slack.text_of(message) for message in self._visible(person, channel))

    def _in_channel(self, channel: SlackChannel) -> list[str]:
        return [
            *self._about(channel),
            *map(self._slack.text_of, self._fresh(self._slack.messages(channel.id))),
        ]

    def _about(self, channel: SlackChannel) -> Iterator[str]:
        if channel.topic:
            yield f"topic: {channel.topic}"
        yield from (f"bookmark: {mark['title']}" for mark in self._slack.bookmarks(channel.id))

    def _forms(self, person: str) -> list[str]:
        return [self._slack.text_of(view) for view in self._slack.views(person)]
