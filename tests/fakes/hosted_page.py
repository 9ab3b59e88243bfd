"""A hosted status page in memory, which behaves as Statuspage does."""

from dataclasses import dataclass, field
from itertools import count

from bot.domain.status.component import Level
from bot.ports import HostedPage, PublicReport, Rejected


@dataclass
class FakeHostedPage(HostedPage):
    """`reports` has what was told in each report, oldest first. `trouble` is raised by the next call, and forgotten.

    With `loses_answers` the next call is carried out, and then its answer is lost.
    """

    states: dict[str, Level] = field(default_factory=dict)
    reports: dict[str, list[PublicReport]] = field(default_factory=dict)
    trouble: Exception | None = None
    loses_answer: Exception | None = None
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def open_report(self, report: PublicReport) -> str:
        self._arrive(report.component)
        ident = f"inc{next(self._numbers)}"
        self.reports[ident] = [report]
        self._tell(report)
        return ident

    def add_update(self, ident: str, report: PublicReport) -> None:
        self._arrive(report.component)
        if ident not in self.reports:
            raise Rejected("gone", "there is no such report")
        self.reports[ident].append(report)
        self._tell(report)

    def find(self, report: PublicReport) -> str | None:
        self._arrive(report.component)
        found = (ident for ident, told in self.reports.items() if told[-1].mark == report.mark)
        return next(found, None)

    def set_state(self, component: str, level: Level) -> None:
        self._arrive(component)
        self.states[component] = level

    def close(self) -> None:
        pass

    def delete(self, ident: str) -> None:
        """Delete a report, as a person does in the browser."""
        del self.reports[ident]

    def _arrive(self, component: str) -> None:
        if component not in {"c0mpcheckout", "c0mpsearch00"}:
            raise Rejected("refused", "there is no such component")
        trouble, self.trouble = self.trouble, None
        if trouble:
            raise trouble

    def _tell(self, report: PublicReport) -> None:
        self.states[report.component] = report.level
        lost, self.loses_answer = self.loses_answer, None
        if lost:
            raise lost
