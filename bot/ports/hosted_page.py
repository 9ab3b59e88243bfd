"""A status page that somebody else hosts, as Spy needs it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from bot.domain.status.component import Level
from bot.domain.status.publication import Stage


@dataclass(frozen=True, kw_only=True)
class PublicReport:
    """A publication as a hosted page takes it. `component` is the component's id there.

    `mark` is unique for each publication. The page keeps it where customers don't look.
    """

    component: str
    level: Level
    stage: Stage
    name: str
    words: str
    mark: str


class HostedPage(ABC):
    """What Spy needs of a hosted page. Every call may raise Unreachable, Throttled or Rejected.

    Rejected with `gone` means that the report no longer exists there.
    """

    @abstractmethod
    def open_report(self, report: PublicReport) -> str:
        """Begin a report about a trouble, and set the component's state with it. Return the report's id."""

    @abstractmethod
    def add_update(self, ident: str, report: PublicReport) -> None:
        """Add an update to a report, and set the component's state with it."""

    @abstractmethod
    def find(self, report: PublicReport) -> str | None:
        """Return the id of the report that has this publication already; None if none has."""

    @abstractmethod
    def set_state(self, component: str, level: Level) -> None:
        """Set the state of a component without a report."""

    @abstractmethod
    def close(self) -> None:
        """Close its connections."""
