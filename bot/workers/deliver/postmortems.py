"""Postmortems in the tracker: created once, found again, without overwriting people's text."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, partial
from itertools import islice
from typing import Any

from bot.domain.effects import Notify
from bot.domain.incident.incident import Incident
from bot.domain.postmortem.claims.sentences import MOST, sentences
from bot.domain.postmortem.claims.statement import Statement
from bot.domain.postmortem.document import (
    Document,
    IssueBody,
    body,
    emptied,
    is_edited_page,
    page_number,
    pages,
    with_picture,
    written_by_people,
)
from bot.domain.postmortem.effects import CopyPostmortem, ExportPostmortem, FileLog, PostmortemEffect
from bot.domain.postmortem.follow_up import Filed
from bot.domain.postmortem.postmortem import Postmortem
from bot.domain.timer import milliseconds
from bot.ports import Comment, Issue, IssueDraft, Offer, OutboxItem, Rejected, RepoFile, Templates
from bot.services.postmortem.documents import Documents
from bot.services.postmortem.postmortems import Postmortems
from bot.services.transaction import Transaction
from bot.workers.deliver.attempt import Attempt
from bot.workers.deliver.handler import delivers
from bot.workers.deliver.issues import TrackerHandler, assigned, mended, milestone_due

LABEL = "postmortem"
COMMENTS_AT_ONCE = 8
"""How many comments fit well within an effect's lease. The rest follows in another effect."""
BOUNDLESS = 2**31
"""No limit for a file. The tracker limits only issues and comments."""


@dataclass(frozen=True, kw_only=True)
class _Order:
    """All that is needed to write an issue without the database: no transaction should wait for the tracker."""

    incident: Incident
    postmortem: Postmortem
    repository: str
    facts: Mapping[str, Any]
    names: Callable[[str], str | None]

    @property
    def mark(self) -> str:
        return f"postmortem:{self.incident.number}-{milliseconds(self.incident.declared_at)}"


@dataclass(frozen=True, kw_only=True)
class _Exported:
    issue: Issue
    body: IssueBody
    statements: Sequence[Statement] = ()
    """What people wrote on the issue."""


@dataclass(frozen=True, kw_only=True)
class _Logged:
    """How many comments the log has, and whether all of them are written."""

    pages: int
    is_whole: bool


def _document(templates: Templates, order: _Order) -> Document:
    return templates.document("postmortem/document", order.facts, names=order.names)


def _order_of(number: int, tx: Transaction) -> _Order:
    incident = tx.incident(number)
    documents, postmortems = Documents(tx), Postmortems(tx)
    postmortem = postmortems.of(incident)
    facts = documents.document(incident)
    return _Order(
        incident=incident,
        postmortem=replace(postmortem, filed=postmortems.writable(postmortem.filed, incident)),
        repository=postmortems.repository(incident),
        facts=facts,
        names=documents.names(facts),
    )


@delivers(ExportPostmortem)
class ExportHandler(TrackerHandler[ExportPostmortem]):
    def prepare(self, effect: ExportPostmortem, item: OutboxItem, tx: Transaction) -> Attempt:
        order = _order_of(effect.incident, tx)
        filed, postmortem_settings, severities = (
            order.postmortem.filed,
            tx.policy.postmortem_settings,
            tx.policy.severities,
        )
        severity = order.incident.severity
        services = [it for it in {str(one["service"]) for one in order.facts["suspects"]} if it != "None"]
        assignee = postmortem_settings.logins.get(order.facts["owner"])
        written: list[IssueBody] = []

        write = cache(partial(_document, self.templates, order))

        def draft(before: str | None) -> IssueDraft:
            document = write()
            try:
                written[:] = [body(document, order.mark, before=before)]
            except ValueError as full:
                raise Rejected("full", f"The issue has no room left: {full}") from full
            return IssueDraft(
                title=f"Postmortem: {document.title}",
                body=written[0].text,
                labels=tuple(filter(None, (LABEL, severity, *sorted(services)))),
                retired=tuple(it for it in severities if it != severity),
                assignee=assignee,
                relieved=filed.assignee if filed else None,
                milestone=milestone_due(postmortem_settings.milestone, filed),
            )

        def renewed(issue: Issue) -> IssueDraft:
            return draft(issue.body)

        def exported(issue: Issue) -> _Exported:
            return _Exported(issue=issue, body=written[0], statements=_stated(issue.body, write()))

        def call() -> _Exported:
            return exported(self.make(order.repository, partial(draft, None), renewed, filed))

        def find_earlier() -> _Exported | None:
            found = self.find(order.repository, order.mark, renewed, item)
            return exported(found) if found else None

        return Attempt(
            call=call,
            find_earlier=None if filed else find_earlier,
            on_success=partial(self._exported, effect, assignee, filed, read_at=tx.now),
        )

    def _exported(
        self,
        effect: ExportPostmortem,
        wanted: str | None,
        filed: Filed | None,
        tx: Transaction,
        result: _Exported,
        *,
        read_at: datetime,
    ) -> None:
        issue = result.issue
        is_first = Postmortems(tx).exported(
            effect.incident,
            issue,
            assignee=assigned(wanted, issue, filed),
            edited_by_people=result.body.edited_by_people,
            overflows=result.body.overflows,
            origin=effect.key,
            statements=result.statements,
            read_at=read_at,
        )
        Postmortems(tx).attach_follow_ups(effect.incident, origin=effect.key if effect.by else "")
        mended(effect, tx)
        without = Postmortems(tx).left_out(effect.incident)
        if without or (effect.by and not is_first):
            self._tell(effect, without, tx)

    def _tell(self, effect: PostmortemEffect, without: Sequence[str], tx: Transaction) -> None:
        """Notify the person who asked, otherwise the one who writes the postmortem. Nobody else needs it."""
        incident = tx.incident(effect.incident)
        postmortem = Postmortems(tx).of(incident)
        to = effect.by or postmortem.owned_by(incident)
        tx.send(
            Notify(
                key=f"told:{effect.key}",
                to=incident.channel or to,
                person=to,
                template="postmortem/exported",
                facts={"postmortem": postmortem, "without": without},
                incident=effect.incident,
            )
        )


@delivers(FileLog)
class LogHandler(TrackerHandler[FileLog]):
    def prepare(self, effect: FileLog, item: OutboxItem, tx: Transaction) -> Attempt | None:
        del item
        order = _order_of(effect.incident, tx)
        filed = order.postmortem.filed
        if filed is None:
            return None

        def call() -> _Logged:
            return self._write_log(
                filed, pages(_document(self.templates, order).log) if effect.overflow else []
            )

        return Attempt(call=call, on_success=partial(_logged, effect))

    def _write_log(self, filed: Filed, texts: Sequence[str]) -> _Logged:
        """Write each page of the log to its own comment, a few at a time. A comment that someone edited is kept."""
        github = self.clients.tracker
        found = github.comments(filed.repository, filed.number)
        at = found.repository, found.number
        there = {number: it for it in found.comments if (number := page_number(it.body))}
        wanted = dict(enumerate(texts, start=1))
        wanted |= {number: emptied(number) for number in there if number not in wanted}
        due = [number for number in sorted(wanted) if _differs(there.get(number), wanted[number])]
        for number in due[:COMMENTS_AT_ONCE]:
            if comment := there.get(number):
                github.edit_comment(*at, comment, wanted[number])
            else:
                github.add_comment(*at, wanted[number])
        return _Logged(pages=len(texts), is_whole=len(due) <= COMMENTS_AT_ONCE)


@delivers(CopyPostmortem)
class CopyHandler(TrackerHandler[CopyPostmortem]):
    def prepare(self, effect: CopyPostmortem, item: OutboxItem, tx: Transaction) -> Attempt | None:
        del item
        order = _order_of(effect.incident, tx)
        postmortem_settings = tx.policy.postmortem_settings
        repository, folder = postmortem_settings.copy_to, postmortem_settings.copy_folder
        if repository is None:
            return None
        name = order.incident.channel_name

        def call() -> Offer:
            github, branch = self.clients.tracker, f"spy/inc-{order.incident.number}"
            document = with_picture(_document(self.templates, order), f"{name}.svg")
            path = f"{folder}/{name}.md"
            before = github.read_file(repository, path, branch=branch)
            text = body(document, order.mark, before=before, limit=BOUNDLESS).text
            picture = self.templates.picture(document.title, order.facts["picture"])
            leaves = [RepoFile(path=path, text=text), RepoFile(path=f"{folder}/{name}.svg", text=picture)]
            title = f"Postmortem: {document.title}"
            return github.offer(repository, leaves, branch=branch, title=title, body=_offered(order))

        return Attempt(call=call, on_success=partial(_copied, effect.incident))


def _stated(text: str, document: Document) -> list[Statement]:
    """Return the sentences that people wrote on the issue, and that may state what Spy knows."""
    found = (
        Statement(sentence=sentence, place=it.key, is_on_issue=True)
        for it in written_by_people(text, document)
        for sentence in sentences(it.text)
    )
    return list(islice(found, MOST))


def _differs(comment: Comment | None, text: str) -> bool:
    if comment is None:
        return True
    return not is_edited_page(comment.body) and comment.body.replace("\r\n", "\n") != text


def _logged(effect: FileLog, tx: Transaction, result: _Logged) -> None:
    Postmortems(tx).logged(effect.incident, result.pages)
    if not result.is_whole:
        tx.send(replace(effect, key=f"{effect.key}+"))


def _copied(number: int, tx: Transaction, offer: Offer) -> None:
    Postmortems(tx).copied(number, offer)


def _offered(order: _Order) -> str:
    filed = order.postmortem.filed
    return f"The postmortem of {order.incident.id}, as {filed.url if filed else 'it is known'} has it."
