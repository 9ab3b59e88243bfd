"""What the calls to Slack tell of a declare: when it was announced, when its channel was usable, how deep it went."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Self

ANNOUNCE = "C0INCIDENTS"
LOOKED_UP = frozenset({"auth.test", "users.info"})
"""Calls that are no part of a declare: who Spy is, and once in a while who a person is."""


@dataclass(frozen=True, kw_only=True)
class Call:
    method: str
    channel: str
    started: float
    finished: float
    status: int
    connection: str

    @classmethod
    def of(cls, exchange: Mapping[str, Any]) -> Self:
        return cls(**{name: exchange[name] for name in cls.__dataclass_fields__})


def calls(exchanges: Sequence[Mapping[str, Any]], service: str = "slack") -> list[Call]:
    return [Call.of(it) for it in exchanges if it["service"] == service]


@dataclass(frozen=True, kw_only=True)
class Declare:
    """One declare, from the calls that it caused; moments are seconds since the epoch."""

    announced: float
    usable: float
    depth: int
    count: int

    @classmethod
    def read(cls, made: Sequence[Call]) -> Self:
        mine = [call for call in made if call.method not in LOOKED_UP]
        path = [call for call in mine if call.finished <= (usable := _usable(mine)) + 1e-6]
        return cls(announced=_announced(mine), usable=usable, depth=_depth(path), count=len(mine))


def usable_channels(made: Sequence[Call]) -> list[float]:
    """When each channel was usable: the asker invited, and a first message in it."""
    well = [call for call in made if call.status == 200 and call.channel not in {"", ANNOUNCE}]
    channels = groupby(sorted(well, key=lambda call: call.channel), key=lambda call: call.channel)
    found = [list(channel) for _, channel in channels]
    return [
        _usable(channel)
        for channel in found
        if {"chat.postMessage", "conversations.invite"} <= _methods(channel)
    ]


def _methods(made: Sequence[Call]) -> set[str]:
    return {call.method for call in made}


def _usable(made: Sequence[Call]) -> float:
    said = min(c.finished for c in made if c.method == "chat.postMessage" and c.channel != ANNOUNCE)
    invited = min(c.finished for c in made if c.method == "conversations.invite")
    return max(said, invited)


def _announced(made: Sequence[Call]) -> float:
    return min(c.finished for c in made if c.method == "chat.postMessage" and c.channel == ANNOUNCE)


def _depth(made: Sequence[Call]) -> int:
    """How many calls had to wait for one another, at most."""
    depths: list[tuple[float, int]] = []
    for call in sorted(made, key=lambda call: call.started):
        before = [depth for finished, depth in depths if finished <= call.started]
        depths.append((call.finished, 1 + max(before, default=0)))
    return max(depth for _, depth in depths)
