"""People who open incidents and speak in them, and remember what Spy answered to each."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from random import Random
from threading import Lock
from typing import Protocol
from urllib.parse import urlencode

import httpx

from bot.commands.timed import UNKNOWN
from bot.sandbox import Box
from bot.sandbox.slack import payloads
from bot.sandbox.slack.delivery import signed
from tests.e2e.world import NUMBER

FORM = {"content-type": "application/x-www-form-urlencoded"}
CROWD = 60
"""People who open incidents in turns."""
SLACK_WAITS = 3.0
AGAIN = 0.3
"""Seconds until somebody says again what was not done."""
PATIENCE = 60.0
"""Seconds for which they say it again."""
NOTES = 3


class Fate(Enum):
    """What a person knows of a command."""

    DONE = "done"
    UNKNOWN = "unknown"
    """Nobody answered: it may have happened, once."""
    TO_LOOK = "to look"
    """Spy said that it may be done or not, and to look: the database was cut off as it committed."""
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True)
class Told:
    """One command, found again by its `marker`, and its fate."""

    kind: str
    marker: str
    incident: int
    fate: Fate
    answer: str = ""
    """What Spy said last."""


@dataclass
class Diary:
    """What everyone said, in each one's order, and how long the answers took."""

    told: list[Told] = field(default_factory=list)
    incidents: dict[str, int] = field(default_factory=dict)
    """The number of each incident, by its name."""
    seconds: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    _writing: Lock = field(default_factory=Lock)

    def write(self, told: Told) -> None:
        with self._writing:
            self.told.append(told)


class _Listener(Protocol):
    """A process that takes commands."""

    @property
    def url(self) -> str: ...


@dataclass(kw_only=True)
class People:
    """They speak to any process that takes the connection, as through a load balancer."""

    box: Box
    bots: Sequence[_Listener]
    diary: Diary
    is_over: Callable[[], bool] = lambda: False

    def story(self, at: int, seed: int, client: httpx.Client) -> None:
        """Open an incident, and speak about it: lines whose order counts, a page, a notice to a team."""
        chance = Random(seed)
        person = _Person(name=f"p{at % CROWD + 1}", chance=chance, client=client)
        number = self._open(person, f"chaos{at}z", chance.choice(("sev1", "sev2", "sev3")))
        if number is None:
            return
        for line in range(NOTES):
            marker = f"note{at}k{line}z"
            self._tell(person, f'/incident {number} note "{marker}"', "note", marker, number)
        marker = f"page{at}z"
        self._tell(person, f'/page :payments "{marker}"', "page", marker, number)
        marker = f"tell{at}z"
        self._tell(person, f'/incident {number} tell :payments "{marker}"', "tell", marker, number)

    def _open(self, person: "_Person", name: str, severity: str) -> int | None:
        """Say it until the answer names the incident: the one who asks again is shown the same one."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            fate, answer = self._say(person, f'/incident me "{name}" {severity}')
            if fate is Fate.DONE and (found := NUMBER.search(answer)):
                self.diary.incidents[name] = int(found[1])
                return int(found[1])
            time.sleep(AGAIN)
        self.diary.write(Told(kind="declare", marker=name, incident=0, fate=Fate.REFUSED))
        return None

    def _tell(self, person: "_Person", words: str, kind: str, marker: str, number: int) -> None:
        fate, answer, until = Fate.REFUSED, "", time.monotonic() + PATIENCE
        while fate is Fate.REFUSED and time.monotonic() < until:
            fate, answer = self._say(person, words)
            if fate is Fate.REFUSED:
                time.sleep(AGAIN)
        self.diary.write(Told(kind=kind, marker=marker, incident=number, fate=fate, answer=answer))

    def _say(self, person: "_Person", words: str) -> tuple[Fate, str]:
        body = self._body(person.name, words)
        for bot in person.chance.sample(list(self.bots), len(self.bots)):
            url, began = f"{bot.url}/slack/events", time.monotonic()
            try:
                answer = person.client.post(
                    url, content=body, headers=FORM | signed(body), timeout=SLACK_WAITS
                )
            except httpx.ConnectError:
                continue  # it never arrived there
            except httpx.HTTPError:
                return Fate.UNKNOWN, ""
            self.diary.seconds.append(time.monotonic() - began)
            return self._read(answer)
        return Fate.REFUSED, ""

    def _read(self, answer: httpx.Response) -> tuple[Fate, str]:
        text = answer.text
        if "fault of Spy" in text:
            self.diary.faults.append(text[:200])
        if answer.status_code != httpx.codes.OK or "othing was done" in text:
            return Fate.REFUSED, text
        if UNKNOWN in text:
            return Fate.TO_LOOK, text
        return Fate.DONE, text

    def _body(self, who: str, words: str) -> bytes:
        slack, (command, _, words) = self.box.slack, words.partition(" ")
        person, channel = slack.person(who), slack.channel("general")
        url, trigger = f"{self.box.url}/response/nowhere", slack.triggers.trigger(person.id)
        made = payloads.slash_command(person, channel, command, words, response_url=url, trigger_id=trigger)
        return urlencode(made).encode()


@dataclass(frozen=True, kw_only=True)
class _Person:
    """Who speaks, what is left to chance in it, and through what."""

    name: str
    chance: Random
    client: httpx.Client
