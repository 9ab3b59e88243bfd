"""A follow-up as an issue that shows its current state."""

from dataclasses import replace
from functools import partial

from bot.domain.postmortem.document import body
from bot.domain.postmortem.effects import AttachFollowUp, FileFollowUp
from bot.domain.postmortem.follow_up import Category, FollowUp
from bot.domain.timer import milliseconds
from bot.ports import Issue, IssueDraft, OutboxItem
from bot.services.people import People
from bot.services.postmortem.follow_ups import FollowUps
from bot.services.postmortem.postmortems import Postmortems
from bot.services.transaction import Transaction
from bot.workers.deliver.attempt import Attempt
from bot.workers.deliver.handler import delivers
from bot.workers.deliver.issues import TrackerHandler, assigned, mended, milestone_due

LABEL = "follow-up"


@delivers(AttachFollowUp)
class AttachHandler(TrackerHandler[AttachFollowUp]):
    """Puts the issue of a follow-up below the postmortem's. What the tracker refuses is left: the issue links there."""

    def prepare(self, effect: AttachFollowUp, item: OutboxItem, tx: Transaction) -> Attempt | None:
        del item
        incident, follow_up = tx.incident(effect.incident), tx.session.follow_ups.get(effect.follow_up)
        postmortems = Postmortems(tx)
        parent = postmortems.writable(postmortems.of(incident).filed, incident)
        child = postmortems.writable(follow_up.filed, incident) if follow_up else None
        if parent is None or child is None:
            return None
        return Attempt(
            call=lambda: self.clients.tracker.attach(
                child.repository, child.number, below=(parent.repository, parent.number)
            ),
            on_success=lambda tx, _is_attached: mended(effect, tx),
        )

    def on_giving_up(self, effect: AttachFollowUp, tx: Transaction, why: str) -> None:
        """Leave it: the follow-up has its issue, which names the postmortem."""


@delivers(FileFollowUp)
class FollowUpHandler(TrackerHandler[FileFollowUp]):
    def prepare(self, effect: FileFollowUp, item: OutboxItem, tx: Transaction) -> Attempt | None:
        follow_up = tx.session.follow_ups.get(effect.follow_up)
        return self._file(effect, follow_up, item, tx) if follow_up else None

    def on_giving_up(self, effect: FileFollowUp, tx: Transaction, why: str) -> None:
        FollowUps(tx).refused(effect.follow_up, why)
        super().on_giving_up(effect, tx, why)

    def _file(self, effect: FileFollowUp, follow_up: FollowUp, item: OutboxItem, tx: Transaction) -> Attempt:
        incident = tx.incident(follow_up.incident)
        postmortems, postmortem_settings = Postmortems(tx), tx.policy.postmortem_settings
        repository, filed = postmortems.repository(incident), postmortems.writable(follow_up.filed, incident)
        facts = {"follow_up": follow_up, "incident": incident, "postmortem": postmortems.of(incident)}
        document = self.templates.document("postmortem/follow_up", facts, names=People(tx).name)
        mark = f"follow-up:{follow_up.number}-{milliseconds(follow_up.added_at)}"
        draft = IssueDraft(
            title=document.title,
            body=body(document, mark).text,
            labels=(LABEL, *([follow_up.category.value] if follow_up.category else [])),
            retired=tuple(it.value for it in Category if it is not follow_up.category),
            assignee=postmortem_settings.logins.get(follow_up.owner or ""),
            relieved=filed.assignee if filed else None,
            milestone=milestone_due(postmortem_settings.milestone, filed),
            state="closed" if not follow_up.is_open else "open" if effect.reopens else None,
        )

        def renewed(issue: Issue) -> IssueDraft:
            return replace(draft, body=body(document, mark, before=issue.body).text)

        def on_success(tx: Transaction, issue: Issue) -> None:
            assignee = assigned(draft.assignee, issue, filed)
            FollowUps(tx).filed(follow_up.number, issue, assignee=assignee)
            Postmortems(tx).attach_follow_ups(follow_up.incident)
            mended(effect, tx)

        return Attempt(
            call=partial(self.make, repository, lambda: draft, renewed, filed),
            find_earlier=None if filed else partial(self.find, repository, mark, renewed, item),
            on_success=on_success,
        )
