"""What is lost, doubled, out of order or unhandled, once all is quiet again."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tests.chaos.people import Diary, Fate
from tests.e2e.bot_process import BotProcess
from tests.e2e.world import World

OF_AN_OUTAGE = ("Unavailable: ", "Conflict: ", "OperationalError: ")
"""Errors that Spy logs while the database is away, and gets over."""

SHOWN = 300
"""Characters of an answer that a finding shows."""


@dataclass
class Findings:
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    disordered: list[str] = field(default_factory=list)
    unhandled: list[str] = field(default_factory=list)
    doubtful: Counter[bool] = field(default_factory=Counter)
    """How many people were told to look whether it is done, by whether it is. No fault."""

    @property
    def lines(self) -> Mapping[str, Sequence[str]]:
        return {name: it for name, it in vars(self).items() if isinstance(it, list)}

    @property
    def are_none(self) -> bool:
        return not any(self.lines.values())


def findings(
    world: World, bots: Sequence[BotProcess], diary: Diary, *, failed: Sequence[str] = ()
) -> Findings:
    """Hold what is in Slack and PagerDuty against what people were told. `failed` is what did not come back."""
    found = Findings()
    places = _Places.of(world)
    for name, number in diary.incidents.items():
        _incident(found, places, name, number)
    for it in diary.told:
        times = places.count(it.kind, it.marker)
        if it.fate is Fate.TO_LOOK:
            found.doubtful[bool(times)] += 1
        if it.fate is Fate.DONE and not times:
            found.lost.append(f"{it.kind} {it.marker}, told: {it.answer[:SHOWN]}")
        if it.kind == "declare":
            found.lost.append(f"{it.marker} could not be declared")
        if times > 1:
            found.doubled.append(f"{it.kind} {it.marker}: {times} times")
    found.doubled += [f"{mark}: {times} times" for mark, times in places.marks.items() if times > 1]
    found.disordered += _disordered(places, diary)
    found.unhandled += [*diary.faults, *failed, *_errors(bots)]
    return found


@dataclass(frozen=True, kw_only=True)
class _Places:
    """Where each word and mark is, counted once for all."""

    channels: Counter[str]
    """By what follows the number in their name."""
    marks: Counter[tuple[str, str]]
    lines: Counter[str]
    """How many messages have a marker, in all channels together."""
    pages: Counter[str]
    order: dict[str, list[str]]
    """The markers of each channel, from top to bottom."""

    def count(self, kind: str, marker: str) -> int:
        if kind == "page":
            return self.pages[marker]
        return self.order["payments"].count(marker) if kind == "tell" else self.lines[marker]

    @classmethod
    def of(cls, world: World) -> "_Places":
        slack, order = world.box.slack, dict[str, list[str]]()
        marks, lines = Counter[tuple[str, str]](), Counter[str]()
        names = [it.name for it in slack.channels if it.name.startswith("inc-")]
        for channel in slack.channels:
            order[channel.name] = []
            for message in slack.messages(channel.id):
                words = set(_markers(slack.text_of(message)))
                lines.update(words)
                order[channel.name] += sorted(words)
                if message.metadata:
                    marks[channel.name, message.metadata["event_payload"]["key"]] += 1
        with world.box.pagerduty.lock:
            pages = Counter(
                word for page in world.box.pagerduty.incidents for word in set(_markers(page.title))
            )
        channels = Counter(name.split("-", 2)[2] for name in names)
        return cls(channels=channels, marks=marks, lines=lines, pages=pages, order=order)


def _markers(text: str) -> Iterator[str]:
    for word in "".join(c if c.isalnum() else " " for c in text).split():
        if (
            word.endswith("z")
            and word.startswith(("chaos", "note", "page", "tell"))
            and any(map(str.isdigit, word))
        ):
            yield word


def _incident(found: Findings, places: _Places, name: str, number: int) -> None:
    channels = places.channels[name]
    announced = places.marks["incidents", f"announcement:{number}"]
    card = places.marks[f"inc-{number}-{name}", f"card:{number}"]
    for what, times in (("channel", channels), ("announcement", announced), ("card", card)):
        if times != 1:
            (found.doubled if times else found.lost).append(f"{what} of {name}: {times}")
    if places.pages[name] > 1:
        found.doubled.append(f"page of {name}: {places.pages[name]}")


def _disordered(places: _Places, diary: Diary) -> Iterator[str]:
    """Yield the channels whose lines stand in another order than they were said in."""
    said: dict[str, list[str]] = {}
    names = {number: name for name, number in diary.incidents.items()}
    for it in diary.told:
        if it.kind == "note" and it.fate is Fate.DONE:
            said.setdefault(f"inc-{it.incident}-{names[it.incident]}", []).append(it.marker)
    for channel, wanted in said.items():
        there = [word for word in places.order.get(channel, []) if word in wanted]
        if there != [word for word in wanted if word in there]:
            yield f"{channel}: {there}"


def _errors(bots: Iterable[BotProcess]) -> Iterator[str]:
    for bot in bots:
        for line in bot.log.read_text(encoding="utf-8", errors="replace").splitlines():
            entry = _entry(line)
            event = str(entry.get("event", line))
            last = str(entry.get("exception", "")).strip().rpartition("\n")[2]
            is_bad = entry.get("level") in {"error", "critical"} or event == "given up" or not entry
            if is_bad and not last.startswith(OF_AN_OUTAGE):
                yield f"{event[:160]} {str(entry.get('exception', ''))[-300:]}".strip()


def _entry(line: str) -> dict[str, object]:
    try:
        entry = json.loads(line)
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) else {}
