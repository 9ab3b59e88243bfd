"""The records of postmortems and follow-ups."""

from collections.abc import Collection, Sequence
from typing import Protocol

from bot.domain.postmortem.follow_up import FollowUp
from bot.domain.postmortem.postmortem import Postmortem


class PostmortemRecords(Protocol):
    def get(self, incident: int) -> Postmortem | None: ...
    def among(self, incidents: Collection[int]) -> Sequence[Postmortem]:
        """Return the postmortems of these incidents."""

    def filed_in(self, repository: str) -> Sequence[Postmortem]:
        """Return postmortems whose issue is in a repository (owner/name)."""

    def put(self, postmortem: Postmortem) -> None: ...


class FollowUpRecords(Protocol):
    def reserve(self) -> int: ...
    def get(self, number: int) -> FollowUp | None: ...
    def of(self, incident: int) -> Sequence[FollowUp]:
        """Return an incident's follow-ups, also finished ones, in the order they were added."""

    def among(self, incidents: Collection[int]) -> Sequence[FollowUp]:
        """Return the follow-ups of these incidents, also finished ones, in the order they were added."""

    def open_of(self, person: str) -> Sequence[FollowUp]:
        """Return a person's (Slack id) open follow-ups, of all incidents."""

    def open(self, *, limit: int) -> Sequence[FollowUp]:
        """Return the newest open follow-ups."""

    def filed_as(self, repository: str, number: int) -> FollowUp | None: ...
    def filed_in(self, repository: str) -> Sequence[FollowUp]: ...
    def put(self, follow_up: FollowUp) -> None: ...
