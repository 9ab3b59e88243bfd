"""Slack's side of the router: every payload becomes an ask or a notice, every answer an acknowledgement.

Listeners do database work only, and run before the acknowledgement, in the thread that brought the payload:
bolt's own pool has five threads and polls every 10 ms.
"""

import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any, NamedTuple, Protocol, TypeVar
from uuid import uuid4

import slack_bolt
import structlog
from slack_bolt import BoltContext, BoltRequest, BoltResponse
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError
from slack_sdk import WebClient
from slack_sdk.signature import Clock as SignatureClock
from slack_sdk.signature import SignatureVerifier

from bot.adapters.network.server_clock import ServerClock
from bot.adapters.slack import forms, payloads
from bot.adapters.slack.blocks import messages, payload
from bot.adapters.slack.chat import SlackChat
from bot.adapters.slack.delays import Delays
from bot.adapters.slack.lengths import COMPLAINT
from bot.adapters.slack.replies import Replies
from bot.adapters.slack.text import cut
from bot.commands.request import Notice, Request, Response
from bot.commands.timed import NotDone
from bot.domain.message import Message
from bot.ports import Conflict, Unavailable

log = structlog.get_logger()

ANYTHING = re.compile(".*", re.DOTALL)
SECONDS = re.compile("[0-9]{1,12}")
WORDS_SHOWN = 1_500
WHY_SHOWN = 200
RETRY, ARRIVED_AT = "x-slack-retry-num", "arrived_at"
LAST_RETRY = 3
"""So often Slack brings an event again."""
SLACK_WAITS = 2.9
"""Seconds after which an acknowledgement may come too late."""
UNSAVED = (NotDone, Unavailable, Conflict)
"""What can be asked again: nothing of it was kept, for want of time or of the database."""
NO_DATABASE = "The database can't be reached, so nothing was done. Please say it again in a minute."

Body = Mapping[str, Any]
R = TypeVar("R", Request, Notice)


class RequestRouter(Protocol):
    """Who answers: database work only, so that the acknowledgement is in time."""

    def answer(self, request: Request) -> Response: ...
    def notice(self, notice: Notice) -> None: ...


class HttpAnswer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes


class App(slack_bolt.App):
    """bolt's app, which believes a signature before anything is read."""

    verifiers: Sequence[SignatureVerifier] = ()
    """One that takes a request made lately is enough."""
    delays: Delays


def build_app(router: RequestRouter, chat: SlackChat, *, signing_secret: str, api_url: str) -> App:
    """Build bolt's app: no token and no call of its own, since all that leaves goes through the outbox."""
    app = App(
        name="spy.slack.app",
        logger=_quiet_logger(),
        process_before_response=True,
        request_verification_enabled=False,
        raise_error_for_unhandled_request=True,
        client=WebClient(base_url=api_url, retry_handlers=[]),
        authorize=authorizer(chat),
    )
    app.delays = Delays()
    app.verifiers = _verifiers(signing_secret, chat.clock) if signing_secret else ()
    listeners = Listeners(router, chat)
    app.command(ANYTHING)(listeners.slash)
    app.block_action(ANYTHING)(listeners.press)
    app.block_suggestion(ANYTHING)(listeners.suggestion)
    app.view(forms.CALLBACK)(listeners.submission)
    app.view_closed(ANYTHING)(listeners.nothing)
    app.event("app_mention")(listeners.mention)
    app.event("message")(listeners.message)
    app.event("channel_created")(listeners.channel_created)
    app.event(ANYTHING)(listeners.event)
    app.error(_rise)
    return app


def answer_http(
    app: App, body: bytes, headers: Mapping[str, str], *, arrived_at: float | None = None
) -> HttpAnswer:
    """Answer one request of Slack's: 401 where the signature is wrong or older than 5 minutes."""
    if not _is_signed(app, body, headers):
        return HttpAnswer(401, {"content-type": "text/plain"}, b"not signed by Slack")
    timestamp, arrived = int(headers["x-slack-request-timestamp"]), arrived_at or time.monotonic()
    with app.delays.sent_at(timestamp, arrived) as sent_at:
        came = _came(headers.get(RETRY, ""), sent_at)
        response = dispatch(app, lambda: BoltRequest(body=body.decode(), headers=dict(headers), context=came))
    flat = {name: ", ".join(values) for name, values in response.headers.items() if name != "set-cookie"}
    return HttpAnswer(response.status, flat, response.body.encode())


def answer_envelope(
    app: App, payload: Mapping[str, Any], *, retry: Any = None, arrived_at: float | None = None
) -> BoltResponse:
    """Answer what came by Socket Mode: 200 stands for its acknowledgement."""
    came = _came(str(retry or ""), arrived_at)
    return dispatch(app, lambda: BoltRequest(mode="socket_mode", body=dict(payload), context=came))


def _came(retry: str, arrived_at: float | None) -> dict[str, Any]:
    """Note when a request came, and for the how manieth time again."""
    arrived = time.monotonic() if arrived_at is None else arrived_at
    return {ARRIVED_AT: arrived, RETRY: int(retry) if SECONDS.fullmatch(retry) else 0}


def dispatch(app: App, read: Callable[[], BoltRequest]) -> BoltResponse:
    """Let bolt find the listener. What neither it nor the listener can read is acknowledged, and logged."""
    body: Any = {}
    try:
        request = read()
        body = request.body
        return app.dispatch(request)
    except BoltUnhandledRequestError:
        why = "Spy does nothing on it"
    except Exception as error:  # noqa: BLE001  whatever Slack sent: brought again it would fail again
        why = cut(f"{type(error).__name__}: {error}".splitlines()[0], WHY_SHOWN)
    kind = body.get("type") or body.get("command") if isinstance(body, Mapping) else None
    log.warning("a request of Slack's was passed over", kind=kind, why=why)
    return BoltResponse(status=200)


def _verifiers(secret: str, slack: ServerClock) -> Sequence[SignatureVerifier]:
    """Take what was signed lately by our clock or by Slack's: ours may be off, and all of Slack would be refused."""

    class Slack(SignatureClock):
        def now(self) -> float:
            return slack.now().timestamp()

    return SignatureVerifier(secret), SignatureVerifier(secret, Slack())


def _is_signed(app: App, body: bytes, headers: Mapping[str, str]) -> bool:
    timestamp, signature = (headers.get(f"x-slack-{it}", "") for it in ("request-timestamp", "signature"))
    if not SECONDS.fullmatch(timestamp):
        return False
    try:
        return any(it.is_valid(body, timestamp, signature) for it in app.verifiers)
    except (TypeError, ValueError):  # it can't even be compared
        return False


def _rise(error: Exception) -> None:
    """Let `dispatch` have what bolt would answer by itself."""
    raise error


def authorizer(chat: SlackChat) -> Callable[[], AuthorizeResult]:
    """Tell bolt who Spy is, without the call that bolt would make inside the first acknowledgements."""

    def authorize() -> AuthorizeResult:
        me = chat.identity
        return AuthorizeResult(
            enterprise_id=None,
            team_id=me.team if me else None,
            bot_user_id=me.user if me else None,
            bot_id=me.bot if me else None,
            bot_token="kept by the outbox",  # noqa: S106  no token: bolt only wants one to be there
        )

    return authorize


class Listeners:
    """One method for each kind of payload. What fails is logged once, and the asker hears of it."""

    def __init__(self, router: RequestRouter, chat: SlackChat) -> None:
        self._router = router
        self._chat = chat
        self._replies = Replies(chat)

    def slash(self, body: Body, context: BoltContext) -> BoltResponse:
        request = _timed(payloads.slash(body), context)
        try:
            return self._slash_ack(request, self._router.answer(request))
        except Exception as error:  # noqa: BLE001  the boundary: the asker gets a sentence, not a stack trace
            words = _told(request, error)
            if time.monotonic() > request.arrived_at + SLACK_WAITS:
                self._replies.add(request, words)
            return self._slash_ack(request, Response(message=words))

    def _slash_ack(self, request: Request, answer: Response) -> BoltResponse:
        """Answer in the acknowledgement; what does not fit into it follows, for the asker alone."""
        if answer.message is None:
            return _done()
        first, *others = messages(answer.message)
        for part in others:
            self._replies.add(request, part)
        said = {name: value for name, value in payload(first).items() if value}
        kind = "in_channel" if answer.shared else "ephemeral"
        return BoltResponse(status=200, body={"response_type": kind, **said})

    def submission(self, body: Body, context: BoltContext) -> BoltResponse:
        """Answer a form; where we fail it stays open, with all that was typed into it."""
        request = _timed(payloads.submission(body), context)
        try:
            return _form_ack(self._router.answer(request), body)
        except Exception as error:  # noqa: BLE001  the boundary, as above
            return _form_ack(Response(complaints={"": _sentence(request, error)}), body)

    def press(self, body: Body, context: BoltContext) -> BoltResponse:
        """Answer a button, which Slack brings but once."""
        return self._aside(payloads.press(body), context, comes_again=False)

    def mention(self, body: Body, context: BoltContext) -> BoltResponse:
        return self._aside(payloads.mention(body, self._bot(body)), context, comes_again=True)

    def message(self, body: Body, context: BoltContext) -> BoltResponse:
        """Answer words; of an edit the incident's channel takes note, and a command that it makes is answered."""
        bot = self._bot(body)
        if request := payloads.speech(body, bot):
            return self._aside(request, context, comes_again=True)
        noticed = self.event(body, context)
        request = payloads.correction(body, bot) if noticed.status == HTTPStatus.OK else None
        return self._aside(request, context, comes_again=True) if request else noticed

    def event(self, body: Body, context: BoltContext) -> BoltResponse:
        """Pass a notice on. One that fails is not acknowledged: Slack brings it again, and nobody is waiting."""
        notice = payloads.notice(body, self._bot(body))
        if notice is None:
            return _done()
        try:
            self._router.notice(_timed(notice, context))
        except UNSAVED as error:
            log.warning("a notice waits for Slack to bring it again", id=notice.id, why=str(error))
            return BoltResponse(status=503)
        except Exception:  # the boundary: nothing may escape into bolt
            log.exception("a notice failed", notice=type(notice).__name__, id=notice.id)
            return BoltResponse(status=500)
        return _done()

    def channel_created(self, body: Body) -> BoltResponse:
        self._chat.remember_channel(*payloads.created(body))
        return _done()

    def suggestion(self) -> BoltResponse:
        """Spy has no list that is looked up while somebody types."""
        return BoltResponse(status=200, body={"options": []})

    def nothing(self) -> BoltResponse:
        return _done()

    def _aside(self, request: Request | None, context: BoltContext, *, comes_again: bool) -> BoltResponse:
        """Answer what has no channel for words in its acknowledgement: the router's answer goes by the outbox.

        What could not be kept is not acknowledged where Slack brings it again, and told where it does not.
        """
        if request is None:
            return _done()
        try:
            self._router.answer(_timed(request, context))
        except UNSAVED as error:
            words = _told(request, error)
            if comes_again and context[RETRY] < LAST_RETRY:
                return BoltResponse(status=503)
            self._replies.add(request, words)
        except Exception as error:  # noqa: BLE001  as above
            self._replies.add(request, _told(request, error))
        return _done()

    def _bot(self, body: Body) -> str:
        """Return our own user id; before auth.test has answered, the event itself says for whom it is."""
        if self._chat.identity:
            return self._chat.identity.user
        return payloads.bot(body)


def _done() -> BoltResponse:
    return BoltResponse(status=200)


def _timed(request: R, context: BoltContext) -> R:
    """Let its time run from when it came."""
    return replace(request, arrived_at=context[ARRIVED_AT])


def _told(request: Request, error: Exception) -> Message:
    words = cut(request.text, WORDS_SHOWN) or "(none)"
    return Message(text=f"{_sentence(request, error)} Your words: {words}")


def _sentence(request: Request, error: Exception) -> str:
    """Log what went wrong, and say it; in Python, since what is broken may be the templates."""
    if isinstance(error, NotDone):  # logged by who gave it up
        return error.sentence
    if isinstance(error, UNSAVED):
        log.warning("not done", source=str(request.source), request=request.id, why=str(error))
        return NO_DATABASE
    mark = uuid4().hex[:8]
    log.error("an ask failed", fault=mark, source=str(request.source), request=request.id, exc_info=error)
    return f"Spy hit a fault of its own and did nothing. It is logged as {mark}."


def _form_ack(answer: Response, body: Body) -> BoltResponse:
    """Complaints stand under their question; one that fits no question stands under the first."""
    questions = payloads.questions(body)
    if answer.complaints and questions:
        placed = {
            name if name in questions else questions[0]: cut(words, COMPLAINT)
            for name, words in answer.complaints.items()
        }
        return BoltResponse(status=200, body={"response_action": "errors", "errors": placed})
    if answer.message:
        shown = forms.notice(payloads.title(body), answer.message)
        return BoltResponse(status=200, body={"response_action": "update", "view": shown})
    return _done()


def _quiet_logger() -> logging.Logger:
    """Bolt's warnings are about settings that are meant; below its level it also builds no debug sentences."""
    logger = logging.getLogger("spy.slack.bolt")
    logger.setLevel(logging.ERROR)
    return logger
