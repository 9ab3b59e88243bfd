"""What a person can see: in a channel, in private, on a phone."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from bot.sandbox import Box
from bot.sandbox.console.script import BOT, PHONE
from bot.sandbox.console.script_actions import ExpectAction, ExpectNotAction
from bot.sandbox.pagerduty.pagerduty import NobodyThereError, PhoneRing
from bot.sandbox.slack.fields import labels
from bot.sandbox.slack.world import SlackChannel, SlackMessage

EVER = datetime(1970, 1, 1, tzinfo=UTC)
SHOWN = 6  # the last texts of a place, shown after a failed expectation


def flat(text: str) -> str:
    """Normalize case and white space, for comparing."""
    return " ".join(text.casefold().split())


def _is_label(name: str, wanted: str) -> bool:
    start, star, _ = flat(wanted).partition("*")
    return flat(name).startswith(start) if star else flat(name) == start


class Visibility:
    """What people see, by handle and place: #name with * for the rest of it, @spy, or a phone.

    Messages, rings, and channels named with a * are left out if they are older than `since`.
    """

    def __init__(self, box: Box, since: datetime = EVER) -> None:
        self._box = box
        self._slack = box.slack
        self._since = since

    def place_name(self, channel_id: str) -> str:
        channel = self._slack.state.channel(channel_id)
        if channel is None:
            return channel_id  # the channel is deleted
        return f"@{channel.name} from spy" if channel.is_im else f"#{channel.name}"

    def channels(self, person: str, place: str) -> list[SlackChannel]:
        """Return the channels that the place can mean, the newest last."""
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
        """Return all that this person sees there, with forms, the oldest first."""
        if place == PHONE:
            return self.phone(person)
        channels = self.channels(person, place)
        return [*self._texts(person, channels), *self._forms(person)]

    def everybody(self, place: str) -> list[str]:
        """Return what all members of the channel see."""
        return [text for channel in self.channels("", place) for text in self._in_channel(channel)]

    def private(self, person: str) -> list[str]:
        """Return what only this person sees, in any place."""
        dm = self._slack.channel(self._slack.person(person).dm)
        ephemerals = [self._slack.text_of(m) for m in self._fresh(self._slack.ephemerals(person))]
        return [*self._in_channel(dm), *ephemerals, *self._forms(person)]

    def phone(self, person: str) -> list[str]:
        return [f"rings: [#{ring.number}] {ring.title} ({ring.service})" for ring in self.rings(person)]

    def rings(self, person: str, words: str = "") -> list[PhoneRing]:
        """Return what rings, or the rings with these words, the latest last."""
        phones = self._box.pagerduty.phones
        if person not in phones:
            raise NobodyThereError(f"{person} has no phone in PagerDuty")
        return [it for it in phones[person] if it.since >= self._since and flat(words) in flat(it.title)]

    def looked_at(
        self, expectation: ExpectAction | ExpectNotAction, person: str, place: str
    ) -> tuple[str, list[str]]:
        """Return the name of the place of an expectation, and the texts there."""
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
        """Return the messages of people and the bot there, for all or for this person."""
        return [
            message
            for channel in self.channels(person, place)
            for message in self._visible(person, channel)
            if message.subtype in (None, "bot_message")
        ]

    def button(self, person: str, place: str, label: str) -> tuple[SlackMessage, str] | None:
        """Return the latest message with such a button, and the button's exact label. A * stands for any rest of it."""
        found = (
            (message, name)
            for message in reversed(self.messages(person, place))
            for name in labels(message.blocks)
            if _is_label(name, label)
        )
        return next(found, None)

    def form_button(self, person: str, label: str) -> str | None:
        """Return the exact label of such a button in the form on top."""
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
