"""The records of what was published, and of previews."""

from collections.abc import Sequence
from typing import Protocol

from bot.domain.status.publication import Publication, StatusDraft


class PublicationRecords(Protocol):
    """Publications, in the order of their numbers. None is ever changed, except where it went."""

    def reserve(self) -> int: ...
    def get(self, number: int) -> Publication | None: ...
    def last_of(self, component: str) -> Publication | None:
        """Return what was published last of a component."""

    def of_thread(self, thread: int) -> Sequence[Publication]:
        """Return what was published of one trouble, oldest first."""

    def newest(
        self, *, component: str | None = None, before: int | None = None, limit: int
    ) -> Sequence[Publication]:
        """Return the newest publications, of one component or of all, newest first; those before a number."""

    def put(self, publication: Publication) -> None: ...


class DraftRecords(Protocol):
    def reserve(self) -> int: ...
    def get(self, number: int) -> StatusDraft | None: ...
    def put(self, draft: StatusDraft) -> None: ...
