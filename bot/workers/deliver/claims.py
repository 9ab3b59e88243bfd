"""The comment on a postmortem's issue that names what the timeline contradicts: one comment, edited later."""

from collections.abc import Sequence
from functools import partial

from bot.domain.postmortem.document import comment, is_own_comment
from bot.domain.postmortem.effects import CheckClaims
from bot.domain.postmortem.follow_up import Filed
from bot.ports import OutboxItem
from bot.services.postmortem.claims import Claims
from bot.services.postmortem.documents import Documents
from bot.services.postmortem.postmortems import Postmortems
from bot.services.transaction import Transaction
from bot.workers.deliver.attempt import Attempt
from bot.workers.deliver.handler import delivers
from bot.workers.deliver.issues import TrackerHandler, mended


@delivers(CheckClaims)
class ClaimsHandler(TrackerHandler[CheckClaims]):
    def prepare(self, effect: CheckClaims, item: OutboxItem, tx: Transaction) -> Attempt | None:
        del item
        incident, postmortems = tx.incident(effect.incident), Postmortems(tx)
        postmortem = postmortems.of(incident)
        filed = postmortems.writable(postmortem.filed, incident)
        found = Claims(tx).contradictions(incident)
        if filed is None or not (found or postmortem.named):
            return None
        facts = {"incident": incident, "found": found}
        names = Documents(tx).names(facts)
        named = [it.statement.sentence for it in found]
        is_new = set(named) != set(postmortem.named)

        def call() -> Sequence[str]:
            document = self.templates.document("postmortem/claims", facts, names=names)
            self._say(filed, comment(document.sections[0].text), is_new=is_new, is_mended=not found)
            return named

        return Attempt(call=call, on_success=partial(_said, effect))

    def _say(self, filed: Filed, text: str, *, is_new: bool, is_mended: bool) -> None:
        """Edit Spy's comment, or add one. One that people edited or deleted is left alone, until there is news."""
        github = self.clients.tracker
        found = github.comments(filed.repository, filed.number)
        at = found.repository, found.number
        own = next((it for it in reversed(found.comments) if is_own_comment(it.body)), None)
        if own is None and is_new and not is_mended:
            github.add_comment(*at, text)
        elif own and own.body.replace("\r\n", "\n") != text:
            github.edit_comment(*at, own, text)


def _said(effect: CheckClaims, tx: Transaction, named: Sequence[str]) -> None:
    Claims(tx).say(effect.incident, named)
    mended(effect, tx)
