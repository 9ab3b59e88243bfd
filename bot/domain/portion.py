"""One page of a list that is too long for a message: which of how many, and what comes before and after."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Self, TypeVar

T = TypeVar("T")
LISTED = 20
"""So many things on a page, as a rule: what reads well on a phone, and fits into a message of Slack."""


@dataclass(frozen=True, kw_only=True)
class Portion(Generic[T]):
    """The `number`-th page (from 1) of `count` things, so many (`size`) a page."""

    items: Sequence[T]
    count: int
    number: int
    size: int

    @classmethod
    def of(cls, every: Sequence[T], number: int | None, size: int = LISTED) -> Self:
        """Cut a page out of the whole list; beyond its end it is the last page."""
        number = within(number, len(every), size)
        start = (number - 1) * size
        return cls(items=every[start : start + size], count=len(every), number=number, size=size)

    @property
    def first(self) -> int:
        return (self.number - 1) * self.size + 1

    @property
    def last(self) -> int:
        return self.first + len(self.items) - 1

    @property
    def is_whole(self) -> bool:
        return len(self.items) == self.count

    @property
    def before(self) -> int | None:
        """Number the page before this one, if there is one."""
        return self.number - 1 if self.number > 1 else None

    @property
    def after(self) -> int | None:
        """Number the page after this one, if there is one."""
        return self.number + 1 if self.last < self.count else None


def within(number: int | None, count: int, size: int) -> int:
    """Return the page that is wanted, or the last one where there are not so many."""
    return max(1, min(number or 1, -(-count // size)))
