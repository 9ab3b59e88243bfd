"""A company in a box with the real bot in it, and what tests ask of the two."""

import re
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from bot.sandbox import Box
from bot.sandbox.slack.delivery import DeliveryResult
from bot.sandbox.slack.world import SlackChannel, SlackMessage
from tests.e2e.bot_process import BotProcess

WAITING = re.compile(r'^spy_outbox_waiting\{state="\w+"\} (\S+)$', re.MULTILINE)
NUMBER = re.compile(r"INC-(\d+)")
LEASE = timedelta(seconds=20)
"""How long what a bot has under way is its own, unless configured otherwise."""
LINES = ("line:", "reminder:", "relief:", "unanswered:")
"""Messages that tell of trouble, and what is said once the clock has gone on."""


@dataclass(frozen=True, kw_only=True)
class World:
    box: Box
    bot: BotProcess

    # --- what people do

    def declare(self, words: str, *, by: str = "ana", where: str = "general") -> int:
        """Open an incident with a slash command; its number."""
        answer = self.slash(words, by=by, where=where)
        return number_in(answer)

    def slash(self, words: str, *, by: str = "ana", where: str = "general") -> DeliveryResult:
        return self.box.slack.slash(by, where, "/incident", words)

    # --- what there is

    def outlast_leases(self) -> None:
        """Let the clock go on until what a bot had under way when it died is its heir's."""
        self.box.clock.jump(LEASE)

    def settle(self, seconds: float = 60.0) -> None:
        """Return once the bot has nothing left to do."""
        self.box.wait_for(lambda: self.is_idle, seconds)

    @property
    def is_idle(self) -> bool:
        counts = WAITING.findall(self.bot.page("/metrics") or "")
        return bool(counts) and not any(float(count) for count in counts)

    def channels(self, number: int) -> list[SlackChannel]:
        """Every channel that the bot made for an incident."""
        mine = re.compile(rf"inc-{number}-")
        return [it for it in self.box.slack.channels if mine.match(it.name) and it.creator == "U0SPY"]

    def channel(self, number: int) -> SlackChannel:
        [channel] = self.channels(number)
        return channel

    def marks(self, channel: str) -> Counter[str]:
        """How often each of the bot's marked messages stands in a channel."""
        messages = self.box.slack.messages(channel)
        return Counter(it.metadata["event_payload"]["key"] for it in messages if it.metadata)

    def marked(self, channel: str, key: str) -> SlackMessage:
        """The one message under this mark."""
        messages = self.box.slack.messages(channel)
        [found] = [it for it in messages if it.metadata and it.metadata["event_payload"]["key"] == key]
        return found

    def texts(self, channel: str) -> list[str]:
        """All that is to be read in a channel."""
        return [self.box.slack.text_of(it) for it in self.box.slack.messages(channel)]

    def ephemerals(self, person: str) -> list[str]:
        """All that only this person sees."""
        return [self.box.slack.text_of(it) for it in self.box.slack.ephemerals(person)]

    def pages(self, about: str) -> int:
        """How many pages PagerDuty has with these words in the title."""
        with self.box.pagerduty.lock:
            return sum(about in page.title for page in self.box.pagerduty.incidents)

    def everything_is_there_once(self, name: str) -> None:
        """Hold that all of an opened incident is there, and nothing of it twice."""
        [number] = {n for n in range(1, 100) for channel in self.channels(n) if slug(name) in channel.name}
        channel, slack = self.channel(number), self.box.slack
        assert slack.members(channel.id).count("ana") == 1
        marks = self.marks(channel.id)
        assert set(marks.values()) == {1}
        kept = {it for it in marks if not it.startswith(LINES)}
        assert kept - {f"alike:{number}"} == {f"card:{number}"}  # earlier ones may read like it
        assert self.marks("incidents")[f"announcement:{number}"] == 1
        assert channel.name in slack.text_of(self.marked("incidents", f"announcement:{number}"))
        assert f"INC-{number}" in slack.topic(channel.id)
        assert len(slack.bookmarks(channel.id)) == 1
        assert self.pages(name) == 1
        phones = self.box.pagerduty.phones.values()  # it is escalated where the clock has gone on
        assert sum(name in ring.title for phone in phones for ring in phone) == 1


def slug(name: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in name.casefold()).split())


def number_in(answer: DeliveryResult) -> int:
    """The number of the incident that an answer speaks of."""
    found = NUMBER.search(str(answer.body))
    assert found, f"no incident in {answer}"
    return int(found[1])
