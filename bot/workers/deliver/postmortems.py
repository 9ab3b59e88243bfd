"""Postmortems and follow-ups on GitHub: made once, found again after a doubt, and never over what people wrote."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any, NoReturn

from bot.domain.document import (
    Body,
    Document,
    body,
    emptied,
    hidden,
    is_edited_page,
    page_number,
    pages,
    with_picture,
)
from bot.domain.effects import (
    CopyPostmortem,
    Effect,
    ExportPostmortem,
    FileFollowUp,
    FileLog,
    Notify,
    PostmortemEffect,
)
from bot.domain.follow_up import Category, Filed, FollowUp
from bot.domain.incident import Incident
from bot.domain.postmortem import Postmortem
from bot.domain.refusal import Refusal
from bot.domain.timer import mark_of
from bot.ports import (
    Comment,
    Issue,
    IssueDraft,
    IssueTracker,
    Offer,
    OutboxItem,
    Rejected,
    RepoFile,
    Templates,
)
from bot.services.documents import Documents
from bot.services.follow_ups import FollowUps
from bot.services.incident_channels import IncidentChannels
from bot.services.people import People
from bot.services.postmortems import Postmortems
from bot.services.transaction import Transaction
from bot.services.troubles import Troubles
from bot.services.undelivered import Undelivered, what
from bot.workers.deliver.attempt import Attempt, unsupported

LABEL, FOLLOW_UP_LABEL = "postmortem", "follow-up"
COMMENTS_AT_ONCE = 8
"""So many are written well within an effect's lease; the rest follows in another."""
BOUNDLESS = 2**31
"""How long a file may be: GitHub's limit is one of issues and comments."""


@dataclass(frozen=True, kw_only=True)
class _Order:
    """All that is needed to write on GitHub without the database: it takes time, and nobody shall wait for it."""

    incident: Incident
    postmortem: Postmortem
    repository: str
    facts: Mapping[str, Any]
    names: Callable[[str], str | None]

    @property
    def mark(self) -> str:
        return f"postmortem:{self.incident.number}-{mark_of(self.incident.declared_at)}"


@dataclass(frozen=True, kw_only=True)
class _Exported:
    issue: Issue
    body: Body


@dataclass(frozen=True, kw_only=True)
class _Logged:
    """In how many comments the log is to be, and whether it is in all of them."""

    pages: int
    is_whole: bool


class PostmortemHandler:
    def __init__(self, tracker: Callable[[], IssueTracker] | None, templates: Templates) -> None:
        """`tracker` is called when something is to be exported, and not before; None is a Spy without one."""
        self._tracker = tracker
        self._templates = templates

    def attempt(self, item: OutboxItem, tx: Transaction) -> Attempt | None:
        effect = item.effect
        if not isinstance(effect, PostmortemEffect):
            raise unsupported(effect)
        try:
            return self._attempt(effect, item, tx)
        except Refusal as refusal:
            return Attempt(call=partial(_reject, refusal.sentence))

    def on_giving_up(self, item: OutboxItem, tx: Transaction, why: str) -> None:
        """Who asked hears it each time; of what nobody asked for, the channel hears once."""
        effect = item.effect
        if isinstance(effect, FileFollowUp):
            FollowUps(tx).refused(effect.follow_up, why)
        is_new = Troubles(tx).begins(_trouble(effect), why)
        if is_new or getattr(effect, "by", None):
            Undelivered(tx).tell(effect, why)

    def _attempt(self, effect: PostmortemEffect, item: OutboxItem, tx: Transaction) -> Attempt | None:
        match effect:
            case FileFollowUp():
                follow_up = tx.session.follow_ups.get(effect.follow_up)
                return self._follow_up(effect, follow_up, item, tx) if follow_up else None
            case ExportPostmortem():
                return self._export(effect, self._order(effect.incident, tx), item, tx)
            case FileLog():
                return self._log(effect, self._order(effect.incident, tx))
            case CopyPostmortem():
                return self._copy(effect, self._order(effect.incident, tx), tx)
        raise unsupported(effect)

    def _order(self, number: int, tx: Transaction) -> _Order:
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

    @property
    def _github(self) -> IssueTracker:
        if self._tracker is None:
            raise Rejected("no_forge", "GITHUB_TOKEN is not set, so Spy can't speak to GitHub")
        return self._tracker()

    # --- follow-ups ---

    def _follow_up(
        self, effect: FileFollowUp, follow_up: FollowUp, item: OutboxItem, tx: Transaction
    ) -> Attempt:
        incident = tx.incident(follow_up.incident)
        postmortems, postmortem_settings = Postmortems(tx), tx.policy.postmortem_settings
        repository, filed = postmortems.repository(incident), postmortems.writable(follow_up.filed, incident)
        facts = {"follow_up": follow_up, "incident": incident, "postmortem": postmortems.of(incident)}
        document = self._templates.document("postmortem/follow_up", facts, names=People(tx).name)
        mark = f"follow-up:{follow_up.number}-{mark_of(follow_up.added_at)}"
        draft = IssueDraft(
            title=document.title,
            body=body(document, mark).text,
            labels=(FOLLOW_UP_LABEL, *([follow_up.category.value] if follow_up.category else [])),
            retired=tuple(it.value for it in Category if it is not follow_up.category),
            assignee=postmortem_settings.logins.get(follow_up.owner or ""),
            relieved=filed.assignee if filed else None,
            milestone=_milestone_due(postmortem_settings.milestone, filed),
            state="closed" if not follow_up.is_open else "open" if effect.reopens else None,
        )

        def renewed(issue: Issue) -> IssueDraft:
            return replace(draft, body=body(document, mark, before=issue.body).text)

        def on_success(tx: Transaction, issue: Issue) -> None:
            assignee = _assigned(draft.assignee, issue, filed)
            FollowUps(tx).filed(follow_up.number, issue, assignee=assignee)
            _mended(effect, tx)

        return Attempt(
            call=partial(self._make, repository, lambda: draft, renewed, filed),
            find_earlier=None if filed else partial(self._find, repository, mark, renewed, item),
            on_success=on_success,
        )

    def _make(
        self,
        repository: str,
        draft: Callable[[], IssueDraft],
        renewed: Callable[[Issue], IssueDraft],
        filed: Filed | None,
    ) -> Issue:
        """Renew the issue that is known; open one where there is none, or where it was deleted."""
        github = self._github
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

    def _find(
        self, repository: str, mark: str, renewed: Callable[[Issue], IssueDraft], item: OutboxItem
    ) -> Issue | None:
        """Find what an earlier try made; it may have told another state."""
        found = self._github.find_issue(repository, hidden(mark), since=item.queued_at)
        return self._github.revise_issue(found.repository, found.number, renewed) if found else None

    # --- the document ---

    def _export(self, effect: ExportPostmortem, order: _Order, item: OutboxItem, tx: Transaction) -> Attempt:
        filed, postmortem_settings, severities = (
            order.postmortem.filed,
            tx.policy.postmortem_settings,
            tx.policy.severities,
        )
        severity = order.incident.severity
        services = [it for it in {str(one["service"]) for one in order.facts["suspects"]} if it != "None"]
        assignee = postmortem_settings.logins.get(order.facts["owner"])
        written: list[Body] = []

        write = cache(partial(self._document, order))

        def draft(before: str | None) -> IssueDraft:
            document = write()
            try:
                written[:] = [body(document, order.mark, before=before)]
            except ValueError as full:
                raise Rejected("full", f"The issue has no channel left: {full}") from full
            return IssueDraft(
                title=f"Postmortem: {document.title}",
                body=written[0].text,
                labels=tuple(filter(None, (LABEL, severity, *sorted(services)))),
                retired=tuple(it for it in severities if it != severity),
                assignee=assignee,
                relieved=filed.assignee if filed else None,
                milestone=_milestone_due(postmortem_settings.milestone, filed),
            )

        def renewed(issue: Issue) -> IssueDraft:
            return draft(issue.body)

        def call() -> _Exported:
            issue = self._make(order.repository, partial(draft, None), renewed, filed)
            return _Exported(issue=issue, body=written[0])

        def find_earlier() -> _Exported | None:
            found = self._find(order.repository, order.mark, renewed, item)
            return _Exported(issue=found, body=written[0]) if found else None

        return Attempt(
            call=call,
            find_earlier=None if filed else find_earlier,
            on_success=lambda tx, result: self._exported(
                effect, _assigned(assignee, result.issue, filed), tx, result
            ),
        )

    def _document(self, order: _Order) -> Document:
        return self._templates.document("postmortem/document", order.facts, names=order.names)

    def _exported(
        self, effect: ExportPostmortem, assignee: str | None, tx: Transaction, result: _Exported
    ) -> None:
        issue = result.issue
        is_first = Postmortems(tx).exported(
            effect.incident,
            issue,
            assignee=assignee,
            edited_by_people=result.body.edited_by_people,
            overflows=result.body.overflows,
            origin=effect.key,
        )
        _mended(effect, tx)
        without = Postmortems(tx).left_out(effect.incident)
        if without or (effect.by and not is_first):
            self._tell(effect, without, tx)

    def _tell(self, effect: PostmortemEffect, without: Sequence[str], tx: Transaction) -> None:
        """Let who asked for it know, or who writes it, as nobody else needs to."""
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

    def _log(self, effect: FileLog, order: _Order) -> Attempt | None:
        filed = order.postmortem.filed
        if filed is None:
            return None

        def call() -> _Logged:
            return self._write_log(filed, pages(self._document(order).log) if effect.overflow else [])

        return Attempt(call=call, on_success=partial(_logged, effect))

    def _write_log(self, filed: Filed, texts: Sequence[str]) -> _Logged:
        """Let each page be in a comment of its own, some at a time; a comment that somebody edited is theirs."""
        github = self._github
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

    def _copy(self, effect: CopyPostmortem, order: _Order, tx: Transaction) -> Attempt | None:
        postmortem_settings = tx.policy.postmortem_settings
        repository, folder = postmortem_settings.copy_to, postmortem_settings.copy_folder
        if repository is None:
            return None
        name = order.incident.channel_name

        def call() -> Offer:
            github, branch = self._github, f"spy/inc-{order.incident.number}"
            document = with_picture(self._document(order), f"{name}.svg")
            path = f"{folder}/{name}.md"
            before = github.read_file(repository, path, branch=branch)
            text = body(document, order.mark, before=before, limit=BOUNDLESS).text
            picture = self._templates.picture(document.title, order.facts["picture"])
            leaves = [RepoFile(path=path, text=text), RepoFile(path=f"{folder}/{name}.svg", text=picture)]
            title = f"Postmortem: {document.title}"
            return github.offer(repository, leaves, branch=branch, title=title, body=_offered(order))

        return Attempt(call=call, on_success=partial(_copied, effect.incident))


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


def _trouble(effect: Effect) -> str:
    """Name what GitHub would not take: each document, and each follow-up, is a trouble of its own."""
    of = getattr(effect, "follow_up", None) or getattr(effect, "incident", None)
    return f"github:{type(effect).__name__}:{of}"


def _mended(effect: PostmortemEffect, tx: Transaction) -> None:
    """Say that GitHub has taken what it would not take before, where that was told."""
    if Troubles(tx).ends(_trouble(effect)):
        IncidentChannels(tx).mended(effect.incident, what(effect))


def _assigned(wanted: str | None, issue: Issue, before: Filed | None) -> str | None:
    """Give whom Spy has assigned; where GitHub would not take who was wanted, it is who it was before."""
    known = before.assignee if before else None
    is_there = (wanted or "").casefold() in {it.casefold() for it in issue.assignees}
    return wanted if wanted is None or wanted == known or is_there else known


def _milestone_due(wanted: str | None, before: Filed | None) -> str | None:
    """Ask for it once: whoever took the issue out of it meant to."""
    return None if before and before.milestone else wanted


def _offered(order: _Order) -> str:
    filed = order.postmortem.filed
    return f"The postmortem of {order.incident.id}, as {filed.url if filed else 'it is known'} has it."


def _reject(why: str) -> NoReturn:
    raise Rejected("refused", why)
