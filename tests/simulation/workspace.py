"""Slack and the pager as all processes share them: the fakes of the contract suites, in simulated time."""

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

from bot.domain.message import Message
from bot.ports import Clock, Posted, Rejected
from tests.fakes.chat import FakeChat, Post
from tests.fakes.pager import FakePager


class Workspace(FakeChat):
    """Tells `heard` of each message that somebody can read, and `joined` of who came into a channel."""

    def __init__(
        self, clock: Clock, heard: Callable[[Post, str], None], joined: Callable[[str, str], None]
    ) -> None:
        super().__init__(clock)
        self._heard, self._joined = heard, joined
        self._places: dict[str, int] = {}

    def post(self, to: str, message: Message, *, key: str, thread: str | None = None) -> Posted:
        posted = super().post(to, message, key=key, thread=thread)
        self._places[posted.ts] = len(self.posts) - 1
        self._heard(self.posts[-1], "post")
        return posted

    def edit(self, posted: Posted, message: Message) -> None:
        self._called("edit")
        if posted.ts not in self._places:
            raise Rejected("message_not_found", "That message is gone.")
        place = self._places[posted.ts]
        self.posts[place] = replace(self.posts[place], message=message)
        self._heard(self.posts[place], "edit")

    def post_ephemeral(
        self, channel: str, person: str, message: Message, *, thread: str | None = None
    ) -> None:
        super().post_ephemeral(channel, person, message, thread=thread)
        self._heard(self.ephemerals[-1], "ephemeral")

    def invite(self, channel: str, people: Collection[str]) -> None:
        before = set(self._channel(channel).people)
        try:
            super().invite(channel, people)
        finally:
            for person in self._channel(channel).people:
                if person not in before:
                    self._joined(channel, person)


class Beeper(FakePager):
    """A pager that goes by simulated time."""

    clock: Clock
    heard: Callable[[str, str], None]

    def _meet_trouble(self) -> None:
        self.now = self.clock.now()
        super()._meet_trouble()

    def _ring(self, words: Any, *, to: Any) -> Any:
        ringing = super()._ring(words, to=to)
        self.heard(words.key, f"{words.title} {words.details}")
        return ringing
