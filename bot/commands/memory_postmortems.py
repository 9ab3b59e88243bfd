"""Postmortems and follow-ups in memory, for tests."""

from collections.abc import MutableMapping, Sequence

from bot.domain.follow_up import Filed, FollowUp
from bot.domain.postmortem import Postmortem


class Postmortems:
    def __init__(self, kept: MutableMapping[int, Postmortem]) -> None:
        self._kept = kept

    def get(self, incident: int) -> Postmortem | None:
        return self._kept.get(incident)

    def filed_in(self, repository: str) -> Sequence[Postmortem]:
        return [it for it in self._kept.values() if it.filed and _is_in(it.filed, repository)]

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
        filed = self.filed_in(repository)
        return next((it for it in filed if it.filed and it.filed.number == number), None)

    def filed_in(self, repository: str) -> Sequence[FollowUp]:
        return [it for it in self._in_order() if it.filed and _is_in(it.filed, repository)]

    def put(self, follow_up: FollowUp) -> None:
        self._kept[follow_up.number] = follow_up

    def _in_order(self) -> list[FollowUp]:
        return sorted(self._kept.values(), key=lambda it: it.number)


def _is_in(filed: Filed, repository: str) -> bool:
    return filed.repository.casefold() == repository.casefold()
