"""Answer programs: find out by whose token they ask, check what they send, and run what was declared."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import structlog
from pydantic import ValidationError

from bot.commands.command import made
from bot.commands.discretion import private_incidents
from bot.commands.plugins import CommandRegistry
from bot.commands.request import Request, Response, Source
from bot.domain.api_token import TokenHolder
from bot.domain.policy import Policy
from bot.domain.refusal import Refusal
from bot.ports import Clock, Session, Sessions, Unavailable
from bot.services.transaction import Transaction
from bot.web.answer import NotHere, WebAnswer
from bot.web.api.endpoint import ApiEndpoint, ApiRequest
from bot.web.api.problem import HEADERS, JSON_TYPE, NotAnswered, malformed, problem
from bot.web.bearer import Bearer, bearer_of

ASK_WITH_ONE = (
    "Send a token: Authorization: Bearer spy_…. `/spy token new` in Slack makes one. "
    "This one is missing, was revoked, or has ended."
)
NO_DATABASE = "The database does not answer. Nothing was done. Try again in a minute."
LACKS = "This token lacks the scope {scope}. Make one with `/spy token new … {scope}`."
NOT_SEEN = "There is nothing here that you may see."
Names = Callable[[str], str | None]
log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class ApiSite:
    """What all paths share. `provided` are services that a transaction does not make."""

    sessions: Sessions
    clock: Clock
    policy: Callable[[], Policy]
    answer: Callable[[Request], Response]
    """Runs a command: the router that all other ways in use too."""
    registry: Callable[[], CommandRegistry]
    plain: Callable[[str, Names], str]
    """Returns the text of a message for readers outside Slack."""
    provided: Mapping[type, Any] = field(default_factory=dict)

    @property
    def bearer(self) -> Bearer:
        return Bearer(sessions=self.sessions, clock=self.clock, policy=self.policy)

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Open a read-only transaction."""
        with self.sessions.read() as session:
            yield self.transaction(session)

    def transaction(self, session: Session) -> Transaction:
        return Transaction(
            session=session, now=self.clock.now(), policy=self.policy(), source=Source.API.value
        )

    def run(self, endpoint: ApiEndpoint, call: "ApiAsked") -> WebAnswer:
        """Return the answer of a path to those who may have it."""
        try:
            return self._run(endpoint, call)
        except NotAnswered as failed:
            return failed.answer
        except ValidationError as error:
            return malformed(error)
        except (NotHere, Refusal) as nothing:
            return problem(HTTPStatus.NOT_FOUND, nothing.sentence)
        except Unavailable:
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, NO_DATABASE)

    def _run(self, endpoint: ApiEndpoint, call: "ApiAsked") -> WebAnswer:
        holder = self.bearer.holder(call.headers)
        if holder is None:
            return problem(HTTPStatus.UNAUTHORIZED, ASK_WITH_ONE, {"www-authenticate": 'Bearer realm="Spy"'})
        if endpoint.scope not in holder.scopes:
            return problem(HTTPStatus.FORBIDDEN, LACKS.format(scope=endpoint.scope.value))
        ask = call.of(holder)
        given = call.given(endpoint)
        if endpoint.body:
            return _answered(endpoint, endpoint.run(ask, **given, api=self))
        with self.reading() as tx:
            answer = endpoint.run(ask, **given, **self._wired(endpoint, tx))
            _must_be_seen(answer, tx)
        return _answered(endpoint, answer)

    def _wired(self, endpoint: ApiEndpoint, tx: Transaction) -> Mapping[str, Any]:
        here = {**self.provided, Transaction: tx, CommandRegistry: self.registry()}
        return made(endpoint.services, tx, here)


@dataclass(frozen=True, kw_only=True)
class ApiAsked:
    """A request as it came. Names of headers are in lower case."""

    path: str
    parts: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def of(self, holder: TokenHolder) -> ApiRequest:
        return ApiRequest(holder=holder, secret=bearer_of(self.headers), path=self.path, headers=self.headers)

    def given(self, endpoint: ApiEndpoint) -> Mapping[str, Any]:
        """Return what a path is given, by name. Raise ValidationError if it has another shape."""
        given: dict[str, Any] = dict(endpoint.path_shape.model_validate(dict(self.parts)))
        if endpoint.query:
            given["query"] = endpoint.query.model_validate(dict(self.query))
        if endpoint.body:
            given["body"] = endpoint.body.model_validate_json(self.body)
        return given


def _must_be_seen(answer: object, tx: Transaction) -> None:
    """Refuse an answer with a record of a private incident which nobody found its caller to see."""
    known = {*tx.understood.shown}
    if any(it.number not in known for it in private_incidents(answer, tx)):
        log.error("the API would have shown a private incident")
        raise NotHere(NOT_SEEN)


def _answered(endpoint: ApiEndpoint, answer: object) -> WebAnswer:
    return WebAnswer(
        headers={**HEADERS, "content-type": JSON_TYPE}, body=endpoint.answer.dump_json(answer, by_alias=True)
    )
