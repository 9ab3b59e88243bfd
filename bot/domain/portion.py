"""One page of a list that is too long for one message."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Self, TypeVar

T = TypeVar("T")
LISTED = 20
"""The usual number of items on a page. It reads well on a phone and fits into a Slack message."""


@dataclass(frozen=True, kw_only=True)
class Portion(Generic[T]):
    """Page `number` (from 1) of `count` items, with `size` items a page."""

    items: Sequence[T]
    count: int
    number: int
    size: int

    @classmethod
    def of(cls, every: Sequence[T], number: int | None, size: int = LISTED) -> Self:
        """Return a page of the whole list; the last page if `number` is too high."""
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
        """The number of the previous page, if there is one."""
        return self.number - 1 if self.number > 1 else None

    @property
    def after(self) -> int | None:
        """The number of the next page, if there is one."""
        return self.number + 1 if self.last < self.count else None


def within(number: int | None, count: int, size: int) -> int:
    """Return the wanted page number, limited to the last page."""
    return max(1, min(number or 1, -(-count // size)))
