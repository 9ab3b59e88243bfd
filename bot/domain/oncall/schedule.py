"""Who was on call at a moment, among many shifts of one team."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from itertools import accumulate

from bot.domain.oncall.shift import Shift


class Schedule:
    """The shifts of a team, earliest first. It finds the shift of a moment without looking at each."""

    def __init__(self, shifts: Sequence[Shift]) -> None:
        self._shifts = [(it.start, it.end, it.person) for it in shifts]
        self._starts = [start for start, *_ in self._shifts]
        self._latest = list(accumulate((end for _, end, _ in self._shifts), max))
        """For each shift, the latest end of it and those before it."""

    def person_at(self, moment: datetime) -> str | None:
        """Return who was on call, by the shift that began first; None if nobody was, or nobody known."""
        at, person = bisect_right(self._starts, moment) - 1, None
        while at >= 0 and self._latest[at] > moment:
            _, end, who = self._shifts[at]
            person = who if end > moment else person
            at -= 1
        return person
