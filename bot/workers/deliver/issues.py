"""Issues in the tracker: created once, found again if the outcome is unknown, without overwriting people's text."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import NoReturn, TypeVar

from bot.domain.effects import Effect
from bot.domain.postmortem.document import hidden
from bot.domain.postmortem.effects import PostmortemEffect
from bot.domain.postmortem.follow_up import Filed
from bot.domain.refusal import Refusal
from bot.ports import Issue, IssueDraft, OutboxItem, Rejected
from bot.services.incident.channels import IncidentChannels
from bot.services.transaction import Transaction
from bot.services.troubles import Troubles
from bot.services.undelivered import Undelivered, what
from bot.workers.deliver.attempt import Attempt
from bot.workers.deliver.handler import EffectHandler

G = TypeVar("G", bound=PostmortemEffect)


class TrackerHandler(EffectHandler[G]):
    """Delivers to the tracker what belongs to an incident."""

    def attempt(self, effect: G, item: OutboxItem, tx: Transaction) -> Attempt | None:
        try:
            return self.prepare(effect, item, tx)
        except Refusal as refusal:
            return Attempt(call=partial(_reject, refusal.sentence))

    def prepare(self, effect: G, item: OutboxItem, tx: Transaction) -> Attempt | None:
        """Prepare the effect. A Refusal becomes its outcome."""
        raise NotImplementedError

    def on_giving_up(self, effect: G, tx: Transaction, why: str) -> None:
        """Report each failure to the person who asked. What nobody asked for is reported to the channel once."""
        is_new = Troubles(tx).begins(_trouble(effect), why)
        if is_new or effect.by:
            Undelivered(tx).tell(effect, why)

    def make(
        self,
        repository: str,
        draft: Callable[[], IssueDraft],
        renewed: Callable[[Issue], IssueDraft],
        filed: Filed | None,
    ) -> Issue:
        """Update the known issue. Create one if there is none or if it was deleted."""
        github = self.clients.tracker
        if filed:
            try:
                return github.revise_issue(filed.repository, filed.number, renewed)
            except Rejected as rejected:
                if rejected.code != "gone":
                    raise
        wanted = draft()
        made = github.open_issue(repository, wanted)
        if wanted.state in {None, made.state}:
            return made
        revised = github.revise_issue(made.repository, made.number, renewed)
        return replace(revised, without=tuple(dict.fromkeys((*made.without, *revised.without))))

    def find(
        self, repository: str, mark: str, renewed: Callable[[Issue], IssueDraft], item: OutboxItem
    ) -> Issue | None:
        """Find what an earlier try created, and update it: the state may have changed."""
        found = self.clients.tracker.find_issue(repository, hidden(mark), since=item.queued_at)
        return self.clients.tracker.revise_issue(found.repository, found.number, renewed) if found else None


def _trouble(effect: Effect) -> str:
    """Return the key of a failure at the tracker. Each document and each follow-up has its own."""
    of = getattr(effect, "follow_up", None) or getattr(effect, "incident", None)
    return f"github:{type(effect).__name__}:{of}"


def mended(effect: PostmortemEffect, tx: Transaction) -> None:
    """Report that the tracker works again for this effect, if its failure was reported."""
    if Troubles(tx).ends(_trouble(effect)):
        IncidentChannels(tx).mended(effect.incident, what(effect))


def assigned(wanted: str | None, issue: Issue, before: Filed | None) -> str | None:
    """Return whom Spy has assigned. If the tracker did not accept the new assignee, that is the previous one."""
    known = before.assignee if before else None
    is_there = (wanted or "").casefold() in {it.casefold() for it in issue.assignees}
    return wanted if wanted is None or wanted == known or is_there else known


def milestone_due(wanted: str | None, before: Filed | None) -> str | None:
    """Set the milestone once: someone who removes it meant to."""
    return None if before and before.milestone else wanted


def _reject(why: str) -> NoReturn:
    raise Rejected("refused", why)
