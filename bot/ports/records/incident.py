"""The records of incidents: timelines and team notices with them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.event import Event
from bot.domain.incident.incident import Incident
from bot.domain.incident.search import Search
from bot.domain.incident.team_notice import TeamNotice
from bot.domain.incident.timeline import ALL_LINES, Entry, WantedLines


class IncidentRecords(Protocol):
    def reserve(self) -> int:
        """Return the next free number."""

    def get(self, number: int) -> Incident | None:
        """Fetch for a change, and lock the incident until the transaction ends."""

    def look(self, number: int) -> Incident | None:
        """Fetch for reading, without waiting for a lock."""

    def try_lock(self, numbers: Collection[int]) -> Collection[int]:
        """Lock those that are free, without waiting. Return which; `get` then needs no further query."""

    def in_channel(self, channel: str) -> Incident | None: ...
    def may_be_private(self, *, channel: str | None, person: str, since: datetime) -> bool:
        """Return whether this is the channel of a private incident. It waits for no lock."""

    def open(self, *, limit: int) -> Sequence[Incident]:
        """Return open incidents, newest first."""

    def search(self, wanted: Search, *, skip: int = 0, limit: int) -> Sequence[Incident]:
        """Return matching incidents, newest first."""

    def private_shown(self, *, past: int, limit: int) -> Sequence[Incident]:
        """Return private incidents: those that are open, and those that ended and are newer than `past` public ones.

        `limit` is the most of each.
        """

    def resembling(self, wanted: Search, words: Sequence[str], *, limit: int) -> Sequence[Incident]:
        """Return the matching incidents with most of these words (in lower case), of equal ones the newest."""

    def count(self, wanted: Search) -> int: ...
    def count_opened(self, person: str, *, since: datetime) -> int:
        """Count the incidents that a person has opened since then. Those reopened since count too."""

    def open_named(self, names: Collection[str]) -> Sequence[Incident]:
        """Return the open incidents with one of these bare names, oldest first. It waits for no lock."""

    def named(self, name: str, *, limit: int) -> Sequence[Incident]:
        """Return the incidents with this bare name, open or over, newest first. It waits for no lock."""

    def count_shown(self) -> int:
        """Count the open incidents that everyone may see, without drills."""

    def alive_since(self, since: datetime) -> Sequence[Incident]:
        """Return incidents that are open or were open at some moment since then, oldest first."""

    def among(self, numbers: Collection[int]) -> Sequence[Incident]:
        """Return the incidents with these numbers, by number."""

    def declared_between(self, since: datetime, until: datetime) -> Sequence[Incident]:
        """Return the incidents that were declared in this time, oldest first."""

    def put(self, incident: Incident) -> None: ...


class TimelineRecords(Protocol):
    def append(self, entry: Entry) -> None: ...
    def among(
        self, incidents: Collection[int], kinds: Collection[str], *, reminder: str = ""
    ) -> Sequence[Entry]:
        """Return entries of these kinds, by incident, then in recorded order; with `reminder`, those of it too."""

    def of(self, incident: int) -> Sequence[Entry]:
        """Return the whole timeline in recorded order."""

    def events(self, incident: int) -> Sequence[tuple[Entry, Event | None]]:
        """Return the whole timeline in recorded order with the event of each entry; None if it can't be read."""

    def last_lines(self, incidents: Collection[int]) -> Mapping[int, int]:
        """Return the number of the last entry of each of these incidents. It is one more after each event."""

    def last_open_lines(self) -> Mapping[int, int]:
        """Return the number of the last entry of each open incident."""

    def after(self, incident: int, line: int, *, limit: int) -> Sequence[Entry]:
        """Return the first entries that were recorded after this one."""

    def window(
        self,
        incident: int,
        wanted: WantedLines = ALL_LINES,
        *,
        limit: int,
        among: Collection[int] | None = None,
    ) -> Sequence[int]:
        """Return the latest of the lines that a timeline shows and that fit, newest first, or those `among` some."""

    def tally(self, incident: int) -> Sequence[tuple[str, str | None, int]]:
        """Return how many lines that a timeline shows are of each kind and actor."""

    def visible(
        self, incident: int, *, without: Collection[str] = (), latest: int | None = None
    ) -> Sequence[int]:
        """Return the lines that a timeline shows, in the order in which they happened: all, or the `latest` ones.

        Those of some kinds can be left out.
        """

    def with_edits(self, incident: int, lines: Collection[int]) -> Sequence[Entry]:
        """Return some lines with all edits of the timeline and what those corrected, in recorded order.

        That is enough to know what is visible of these lines, and their histories.
        """

    def recorded_since(self, incident: int, at: datetime) -> Sequence[Entry]:
        """Return the end of a timeline: what was recorded then or later."""

    def made_from(self, incident: int, kind: str, message: str) -> Sequence[int]:
        """Return the lines of a kind that were made from a Slack message, by its `ts`."""

    def known_messages(self, incident: int, kind: str, messages: Collection[str]) -> Collection[str]:
        """Return those of the messages from which a line of a kind was ever made."""

    def opened_runbooks(self, *, limit: int) -> Sequence[tuple[int, str]]:
        """Return the runbooks that were opened last, each with its incident, newest first."""

    def set_permalink(self, incident: int, seq: int, permalink: str) -> None: ...
    def set_visibility(self, incident: int, seqs: Collection[int], mark: str | None) -> None:
        """Mark entries as kept or hidden. None removes the mark."""


class TeamNoticeRecords(Protocol):
    def reserve(self) -> int: ...
    def get(self, number: int) -> TeamNotice | None: ...
    def put(self, notice: TeamNotice) -> None: ...
