"""Issues on GitHub: made once, found again after a doubt, and never over what people wrote."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import NoReturn, TypeVar

from bot.domain.document import hidden
from bot.domain.effects import Effect, PostmortemEffect
from bot.domain.follow_up import Filed
from bot.domain.refusal import Refusal
from bot.ports import Issue, IssueDraft, OutboxItem, Rejected
from bot.services.incident_channels import IncidentChannels
from bot.services.transaction import Transaction
from bot.services.troubles import Troubles
from bot.services.undelivered import Undelivered, what
from bot.workers.deliver.attempt import Attempt
from bot.workers.deliver.handler import EffectHandler

G = TypeVar("G", bound=PostmortemEffect)


class TrackerHandler(EffectHandler[G]):
    """What GitHub gets of an incident."""

    def attempt(self, effect: G, item: OutboxItem, tx: Transaction) -> Attempt | None:
        try:
            return self.prepare(effect, item, tx)
        except Refusal as refusal:
            return Attempt(call=partial(_reject, refusal.sentence))

    def prepare(self, effect: G, item: OutboxItem, tx: Transaction) -> Attempt | None:
        """Make the effect ready; a Refusal is its outcome."""
        raise NotImplementedError

    def on_giving_up(self, effect: G, tx: Transaction, why: str) -> None:
        """Return who asked each time; of what nobody asked for, the channel hears once."""
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
        """Renew the issue that is known; open one where there is none, or where it was deleted."""
        github = self.outside.tracker
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
        """Find what an earlier try made; it may have told another state."""
        found = self.outside.tracker.find_issue(repository, hidden(mark), since=item.queued_at)
        return self.outside.tracker.revise_issue(found.repository, found.number, renewed) if found else None


def _trouble(effect: Effect) -> str:
    """Name what GitHub would not take: each document, and each follow-up, is a trouble of its own."""
    of = getattr(effect, "follow_up", None) or getattr(effect, "incident", None)
    return f"github:{type(effect).__name__}:{of}"


def mended(effect: PostmortemEffect, tx: Transaction) -> None:
    """Say that GitHub has taken what it would not take before, where that was told."""
    if Troubles(tx).ends(_trouble(effect)):
        IncidentChannels(tx).mended(effect.incident, what(effect))


def assigned(wanted: str | None, issue: Issue, before: Filed | None) -> str | None:
    """Return whom Spy has assigned; where GitHub would not take who was wanted, it is who it was before."""
    known = before.assignee if before else None
    is_there = (wanted or "").casefold() in {it.casefold() for it in issue.assignees}
    return wanted if wanted is None or wanted == known or is_there else known


def milestone_due(wanted: str | None, before: Filed | None) -> str | None:
    """Ask for it once: whoever took the issue out of it meant to."""
    return None if before and before.milestone else wanted


def _reject(why: str) -> NoReturn:
    raise Rejected("refused", why)
