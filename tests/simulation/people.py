"""What people do: they open incidents, work on them, and press what they are shown."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

from bot.commands.request import Request, Response, Source
from tests.simulation.faults import Fault
from tests.simulation.organisation import GENERAL, RESPONDERS

if TYPE_CHECKING:
    from tests.simulation.world import World

MINUTE = 60.0
TRIES = 30
"""How often people try to end an incident. One that stays open is reminded of for days."""
WAITS = (1, 3, 10, 30, 60, 120, 300, 600)
"""Seconds between the times that Slack, or a person, sends the same request until it is answered."""
LIVELY = (0, 0, 1, 1, 1, 2, 2, 3, 5, 9)
"""How many things are said in an incident."""
PAUSES = (10, 30, 60, 180, 600)
"""Seconds between them, on average."""
SERVICES = ("checkout", "search", "login", "cart", "mail", "api", "billing", "images")
TROUBLES = ("is down", "is slow", "loses orders", "shows errors", "times out", "returns 500")
SEVERITIES = ("sev1", "sev2", "sev3", "")
LINES = (
    ("incident update {}", 10),
    ("incident note {}", 6),
    ("incident sev sev1", 1),
    ("incident sev sev2", 2),
    ("incident sev sev3", 2),
    ("incident status identified", 1),
    ("incident status mitigated", 2),
    ('incident impact "{}"', 2),
    ('incident cause "{}"', 1),
    ('incident report status investigating next 20m "{}"', 2),
    ('incident link https://example.com/{} "{}"', 1),
    ("incident hand {person}", 3),
    ("incident accept", 3),
    ("incident decline", 1),
    ("incident take", 2),
    ("incident relieve {person}", 1),
    ("incident role scribe {person} anyway", 1),
    ('incident tell :payments "{}"', 2),
    ("incident seen {notice}", 1),
    ('page :payments "{}"', 2),
    ('page {person} "{}"', 2),
    ("pager ack", 2),
    ("pager resolve", 1),
    ("incident snooze 10m", 1),
    ("incident quiet 15m", 1),
    ("incident tldr", 1),
    ("incident fine", 1),
    ("incident join", 2),
    ('incident action "{}" {person} by friday', 1),
    ("oncall ready", 1),
    ("oncall test", 1),
    ('oncall cover "tomorrow 9 to 17" {person}', 1),
)
ENDS = (
    ('incident resolve "{}"', 10),
    ('incident cancel "{}"', 1),
    ("incident merge {other}", 1),
    ("pager resolve", 1),
)
AFTER = (
    ("incident reopen", 2),
    ('incident still broken "{}"', 1),
    ('postmortem write summary "{}"', 1),
    ("", 12),
)


@dataclass(kw_only=True)
class Said:
    """Something that was said and answered. `word` is in it and nowhere else."""

    word: str
    text: str
    by: str
    incident: int | None
    is_done: bool
    is_unsure: bool
    """Whether it never got an answer, so that it may be done or not."""


@dataclass
class Crowd:
    """All people together. Each incident has some of them, who take their time."""

    world: "World"
    said: list[Said] = field(default_factory=list)
    declared: int = 0
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    # --- an incident ---

    def live_one(self) -> None:
        """Live through one incident, from its beginning to its end."""
        random = self.world.random
        by = random.choice(RESPONDERS)
        is_private = random.random() < 0.15
        word = self._word(is_private=is_private)
        name = f"{random.choice(SERVICES)} {random.choice(TROUBLES)} {word}"
        severity = random.choice(SEVERITIES)
        text = f'incident me "{name}" {severity} {"private" if is_private else ""} anyway'
        if is_private:
            self.world.watch.plant(word, by)
        if not self._do(text, by=by, channel=GENERAL, word=word):
            return
        self.declared += 1
        number = self.world.number_of(word)
        if number is None:
            return
        self.world.watch.planted(word, number)
        channel = self._channel(number)
        if channel is None:
            return
        secret = word if is_private else None
        for _ in range(random.choice(LIVELY)):
            self.world.clock.pause(random.expovariate(1 / random.choice(PAUSES)))
            self._work(number, channel, LINES, secret)
        self._end(number, channel, secret)
        self.world.clock.pause(random.expovariate(1 / 600))
        self._work(number, channel, AFTER, secret)
        self._end(number, channel, secret)

    def _end(self, number: int, channel: str, secret: str | None) -> None:
        """Somebody ends it, sooner or later: an incident that is left open is reminded of for days."""
        random = self.world.random
        for _ in range(TRIES):
            self.world.clock.pause(random.expovariate(1 / random.choice(PAUSES)))
            if not self.world.is_open(number):
                return
            self._work(number, channel, ENDS, secret)

    def _channel(self, number: int) -> str | None:
        """Wait until the incident has its channel: seconds, or hours if Slack does not make one."""
        for longest in (*(20,) * 30, *(900,) * 90):
            self.world.clock.pause(self.world.random.uniform(1, longest))
            if channel := self.world.channel_of(number):
                return channel
        return None

    def _work(
        self, number: int, channel: str, lines: tuple[tuple[str, int], ...], secret: str | None
    ) -> None:
        random = self.world.random
        [(line, _)] = random.choices(lines, weights=[weight for _, weight in lines])
        if not line:
            return
        by = random.choice(self.world.watch.insiders(secret)) if secret else random.choice(RESPONDERS)
        person = random.choice([it for it in RESPONDERS if it != by])
        word = self._word(is_private=secret is not None)
        if secret:
            self.world.watch.plant(word, by, number=number)
            if "{person}" in line:
                self.world.watch.let_in(number, person)
        text = line.format(
            word,
            word,
            person=f"<@{person}>",
            number=number,
            other=max(1, number - 1),
            notice=random.randint(1, 5),
        )
        source = Source.BUTTON if random.random() < 0.2 else Source.SLASH
        self._do(text, by=by, channel=channel, word=word, incident=number, source=source)

    def _word(self, *, is_private: bool) -> str:
        return f"{'zz' if is_private else 'w'}{next(self._numbers)}q"

    # --- asking ---

    def _do(
        self,
        text: str,
        *,
        by: str,
        channel: str,
        word: str,
        incident: int | None = None,
        source: Source = Source.SLASH,
    ) -> bool:
        """Say it until it is answered. Return whether it was done."""
        answer = self.ask(text, by=by, channel=channel, source=source)
        is_done = answer is not None and not answer.is_refusal
        self.world.say("people", f"{by} {text!r}: {_told(answer)}")
        self.said.append(
            Said(word=word, text=text, by=by, incident=incident, is_done=is_done, is_unsure=answer is None)
        )
        return is_done

    def ask(self, text: str, *, by: str, channel: str, source: Source) -> Response | None:
        request = Request(id=f"ask-{next(self._numbers)}", text=text, user=by, source=source, channel=channel)
        for wait in WAITS:
            process = self.world.any_process()
            if process is not None:
                self._maybe_twice(request)
                task = process.spawn(lambda process=process: process.answer(request))
                answer: Response | None = self.world.clock.join(task)
                if answer is not None:
                    self._maybe_twice(request)
                    self.world.watch.answered(request, answer)
                    return answer
            self.world.clock.pause(wait)
        return None

    def _maybe_twice(self, request: Request) -> None:
        """Let Slack deliver it once more, as it does if an answer takes long."""
        process, faults = self.world.any_process(), self.world.faults
        if process and faults.befalls(Fault.TWICE, faults.rates.twice):
            after = self.world.random.uniform(0, 0.01)
            process.spawn(lambda: process.answer(request), after=after)


def _told(answer: Response | None) -> str:
    if answer is None:
        return "no answer"
    first = answer.message.text.splitlines()[0] if answer.message and answer.message.text else "done"
    return f"refused: {first}" if answer.is_refusal else first
