"""Postmortems and follow-ups in memory, for tests."""

from collections.abc import MutableMapping, Sequence

from bot.domain.follow_up import FollowUp
from bot.domain.postmortem import Postmortem


class Postmortems:
    def __init__(self, kept: MutableMapping[int, Postmortem]) -> None:
        self._kept = kept

    def get(self, incident: int) -> Postmortem | None:
        return self._kept.get(incident)

    def put(self, postmortem: Postmortem) -> None:
        self._kept[postmortem.incident] = postmortem


class FollowUps:
    """Numbers are given in order: nothing that was kept is ever dropped."""

    def __init__(self, kept: MutableMapping[int, FollowUp]) -> None:
        self._kept = kept
        self._taken = max(kept, default=0)

    def reserve(self) -> int:
        self._taken += 1
        return self._taken

    def get(self, number: int) -> FollowUp | None:
        return self._kept.get(number)

    def of(self, incident: int) -> Sequence[FollowUp]:
        return [it for it in self._in_order() if it.incident == incident]

    def open_of(self, person: str) -> Sequence[FollowUp]:
        return [it for it in self._in_order() if it.is_open and it.owner == person]

    def open(self, *, limit: int) -> Sequence[FollowUp]:
        return [it for it in reversed(self._in_order()) if it.is_open][:limit]

    def filed_as(self, repository: str, number: int) -> FollowUp | None:
        wanted = (repository.casefold(), number)
        filed = (it for it in self._in_order() if it.filed)
        found = (
            it for it in filed if it.filed and (it.filed.repository.casefold(), it.filed.number) == wanted
        )
        return next(found, None)

    def put(self, follow_up: FollowUp) -> None:
        self._kept[follow_up.number] = follow_up

    def _in_order(self) -> list[FollowUp]:
        return sorted(self._kept.values(), key=lambda it: it.number)
