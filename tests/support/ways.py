"""The ways in, each as its own people and programs use it: the whole story is said by each of them.

A further way needs a Source and how it asks: in `WAYS`, it is held to tests/web/test_same_everywhere.py.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sqlalchemy import text

from bot.adapters.rendering.mrkdwn import plain
from bot.commands.proposing import approved as carrying_out
from bot.commands.request import Request, Response, Source
from bot.domain.api_token import Scope
from bot.domain.audit import AuditLine
from bot.domain.effects import Post, PostEphemeral, Respond
from bot.domain.message import Message
from bot.domain.proposal import WHILE, Proposal
from bot.ports import Calendars, NoCalendars, Runbooks, Templates
from bot.services.people import People
from bot.services.proposals import Proposals
from bot.services.tokens import Tokens
from bot.services.transaction import Transaction
from bot.testing import MemoryDatabase
from bot.web import Shown, build_web, with_token
from bot.web.api.site import ApiSite
from bot.web.pace import TokenPace
from tests.growth.story import SAID
from tests.growth.world import AGENT, NAMES, POLICY, TOOL, World
from tests.support.api import Program

_SECRET = re.compile(r"spy_[\w-]+|key=[\w-]+|(?<=/p)\d{16}|never used|last used [^\n]+")
_ASKED = re.compile(r"(?:ask-|api:[0-9a-f]{12}:ask-)(\d+)(?:-in-chat)?")
_APPROVED = re.compile(r"proposal \d+ of .*?, approved by <@\w+>|Agent for [^·\n]*?, approved by [^·\n]*? · ")
"""What says that a machine did it: the reason in the audit log, and the beginning of a line."""
MACHINE, PROPOSED = "the machine of this story", "proposal/proposed"
FOR_PEOPLE = "is for people: a program can't run it"
"""What a program is told that lets somebody in, or approves what it proposed."""


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What became of a request: the words of the answer, and whether it was refused."""

    words: str
    is_refusal: bool


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a whole story left, without what differs each time: secrets and the ids of requests."""

    lines: Sequence[str]
    """What was said."""
    answers: Sequence[Answered]
    audit: Sequence[Mapping[str, Any]]
    """The audit log's row of each request, without its source."""
    effects: Sequence[tuple[str, str]]
    """What was queued, by kind and key, without answers."""
    timelines: Sequence[tuple[Any, ...]]


class Teller(World):
    """A Spy to which the story is said in one way."""

    source: Source
    channel = ""
    """The channel of the story's incident."""

    def __init__(self) -> None:
        self.memory = MemoryDatabase()
        super().__init__(self.memory.engine)
        self.answers: list[Answered] = []
        self.secrets = {it: self.transact(partial(_token, person=it)) for it in NAMES}

    def ask(self, request: Request) -> None:
        self.answers.append(self.answered(replace(request, source=self.source)))

    def answered(self, request: Request) -> Answered:
        return self.read(request, self.answer(request))

    def read(self, request: Request, response: Response) -> Answered:
        """Return what its asker reads: in the answer itself, or in a message of its own."""
        message = response.message or self._sent(request)
        return Answered(words=self.words(message), is_refusal=response.is_refusal)

    def words(self, message: Message | None) -> str:
        with self.database.read() as session:
            tx = Transaction(session=session, now=self.clock.now(), policy=POLICY)
            names = People(tx).name
            return plain(message.text, names).strip() if message else ""

    def _sent(self, request: Request) -> Message | None:
        found = (it.effect for it in self.memory.queued() if it.effect.key == f"answer:{request.id}")
        return next((it.message for it in found if isinstance(it, Post | PostEphemeral | Respond)), None)

    def close(self) -> None:
        """Let go of what was opened to ask."""

    def tell(self) -> Told:
        """Say the whole story, and return what it left."""
        channel, lines = self.declare(), list[str]()
        self.channel = channel
        for line in SAID.strip().splitlines():
            words = self.filled(line)
            lines.append(line)
            self.say(words, channel=channel)
            if line.startswith("page ") or "channel new" in line:
                self.deliver()
        return self._told(["declare", *(it for it in lines if not it.startswith((TOOL, AGENT)))])

    def _told(self, lines: Sequence[str]) -> Told:
        with self.database.read() as session:
            audit = [
                it for _, it in session.audit.unsealed() if it.source == self.source and _is_of_story(it)
            ]
        rows = [
            {name: self._same(it) for name, it in vars(line).items() if name != "source"} for line in audit
        ]
        with self.memory.engine.connect() as connection:
            queued = connection.execute(text("SELECT kind, key FROM outbox ORDER BY id")).all()
            entries = connection.execute(
                text("SELECT incident, seq, kind, actor, text FROM timeline ORDER BY incident, seq")
            ).all()
        return Told(
            lines=lines,
            answers=[replace(it, words=self._same(it.words)) for it in self.answers],
            audit=rows,
            effects=[(kind, self._same(key)) for kind, key in queued if not key.startswith("answer:")],
            timelines=[tuple(it) for it in entries],
        )

    def _same(self, value: Any) -> Any:
        same = _same(value)
        return same.replace(self.channel, "the channel") if isinstance(same, str) else same


def _token(tx: Transaction, *, person: str) -> str:
    return Tokens(tx).make(f"of {person}", Scope.SAY, by=person).secret


def _same(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return _APPROVED.sub("", _ASKED.sub(r"ask-\1", _SECRET.sub("secret", value)))


def _is_of_story(line: AuditLine) -> bool:
    """Whether a line is what somebody of the story asked for; its own machine is in no channel."""
    return (line.place is not None or line.source != Source.AGENT) and line.result != PROPOSED


class InChat(Teller):
    source = Source.SLASH


class InTerminal(Teller):
    source = Source.TERMINAL


class OnPage(Teller):
    source = Source.WEB


class ByApi(Teller):
    """Each person has a token, and asks over HTTP."""

    source = Source.API

    def __init__(self) -> None:
        super().__init__()
        api = ApiSite(
            sessions=self.database,
            clock=self.clock,
            policy=lambda: POLICY,
            answer=self.answer,
            registry=lambda: self.registry,
            plain=plain,
            provided={Templates: self.templates, Calendars: NoCalendars(), Runbooks: None},
        )
        self._app = build_web(
            to_all=Shown(),
            with_token=Shown(),
            sees_all=with_token(""),
            readiness={},
            api=api,
            most=TokenPace(10**9),
        )
        self._programs = {it: Program(self._app, secret) for it, secret in self.secrets.items()}

    def answered(self, request: Request) -> Answered:
        answer = self._programs[request.user].say(request.text, request.id, channel=request.channel)
        said = answer.json()
        if FOR_PEOPLE in said.get("detail", ""):  # they do it in Slack, so that the story goes on
            self.answer(replace(request, source=Source.SLASH, id=f"{request.id}-in-chat"))
        return Answered(words=said.get("text", said.get("detail")), is_refusal=answer.status_code == 409)

    def close(self) -> None:
        for it in self._programs.values():
            it.close()


class ByAgent(Teller):
    """Each person's agent asks. What it proposes is approved at once, so that it runs; its answer is what counts.

    Where the command asks for a second person, another person's agent proposes it: who approves is who asks.
    """

    source = Source.AGENT

    def answered(self, request: Request) -> Answered:
        asked = replace(request, agent=MACHINE)
        answer = self.read(asked, self.answer(asked))
        if FOR_PEOPLE in answer.words:  # they do it in Slack, so that the story goes on
            self.answer(replace(request, source=Source.SLASH, id=f"{request.id}-in-chat"))
        found = self._proposed()
        if found and found.needs_second:
            self.transact(lambda tx: Proposals(tx).decline(found.number, by=found.person))
            self.answer(replace(asked, id=f"{request.id} again", user=_other(request.user)))
            found = self._proposed()
        if found is None:
            return answer
        approved = self.transact(lambda tx: _approved(tx, found, by=request.user))
        again = replace(carrying_out(approved), id=f"api:{0:012}:{request.id}", channel=request.channel)
        return self.read(again, self.answer(again))

    def _proposed(self) -> Proposal | None:
        with self.database.read() as session:
            mine = [it for it in session.proposals.undecided() if it.agent == MACHINE]
        return mine[-1] if mine else None


def _other(person: str) -> str:
    return next(it for it in NAMES if it != person)


def _approved(tx: Transaction, proposal: Proposal, *, by: str) -> Proposal:
    """Approve a proposal, and let it be one of long ago: the story has more of them than an hour may have."""
    approved = Proposals(tx).approve(proposal.number, by=by, shown=proposal.fingerprint)
    tx.session.proposals.put(replace(approved, proposed_at=approved.proposed_at - 2 * WHILE))
    return approved


WAYS: Mapping[str, type[Teller]] = {
    "chat": InChat,
    "terminal": InTerminal,
    "page": OnPage,
    "API": ByApi,
    "MCP": ByAgent,
}
