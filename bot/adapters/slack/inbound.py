"""Connect Slack to the router: each payload becomes a request or a notice, each response an acknowledgement.

Listeners only use the database. They run before the acknowledgement, in the thread that received the payload,
because bolt's own pool has only five threads and polls every 10 ms.
"""

import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any, NamedTuple, Protocol, TypeVar

import slack_bolt
import structlog
from slack_bolt import BoltContext, BoltRequest, BoltResponse
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError
from slack_sdk import WebClient
from slack_sdk.signature import Clock as SignatureClock
from slack_sdk.signature import SignatureVerifier

from bot.adapters.network.server_clock import ServerClock
from bot.adapters.slack import forms, payloads, shortcuts
from bot.adapters.slack.blocks import messages, payload
from bot.adapters.slack.channel_types import ChannelTypes
from bot.adapters.slack.chat import SlackChat
from bot.adapters.slack.data_blocks import in_words
from bot.adapters.slack.delays import Delays
from bot.adapters.slack.lengths import COMPLAINT
from bot.adapters.slack.reading import Unreadable
from bot.adapters.slack.replies import Replies
from bot.adapters.slack.text import cut
from bot.adapters.slack.unsaved import Unsaved
from bot.commands.request import Notice, Request, Response
from bot.commands.timed import NotDone
from bot.domain.policy import Policy
from bot.ports import Conflict, Unavailable

log = structlog.get_logger()

ANYTHING = re.compile(".*", re.DOTALL)
SECONDS = re.compile("[0-9]{1,12}")
KIND = re.compile(r"/?[a-z_]{1,30}")
ARRIVED_AT = "arrived_at"
SLACK_WAITS = 2.9
"""Seconds after which an acknowledgement may come too late."""

Body = Mapping[str, Any]
R = TypeVar("R", Request, Notice)


class RequestRouter(Protocol):
    """What the listeners call. It only uses the database, so that the acknowledgement is in time."""

    def answer(self, request: Request) -> Response: ...
    def notice(self, notice: Notice) -> None: ...


class HttpAnswer(NamedTuple):
    """The HTTP response to a request from Slack."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class App(slack_bolt.App):
    """bolt's app, with our own check of Slack's signature, made before a body is read."""

    verifiers: Sequence[SignatureVerifier] = ()
    """A request is accepted if one of them accepts its signature."""
    delays: Delays


def build_app(
    router: RequestRouter,
    chat: SlackChat,
    *,
    signing_secret: str,
    api_url: str,
    policy: Callable[[], Policy] = Policy,
) -> App:
    """Build bolt's app. It has no token and makes no calls, because everything is sent through the outbox.

    `policy` is read when a request was not done, to say what can be done by hand.
    """
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
    listeners = Listeners(router, chat, Unsaved(policy))
    app.command(ANYTHING)(listeners.slash)
    app.block_action(ANYTHING)(listeners.press)
    app.block_suggestion(ANYTHING)(listeners.suggestion)
    app.global_shortcut(shortcuts.DECLARE)(listeners.shortcut)
    app.message_shortcut(shortcuts.DECLARE_FROM)(listeners.shortcut_on_message)
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
    """Answer one HTTP request from Slack. Return 401 if its signature is wrong or older than 5 minutes.

    `arrived_at` is a value of time.monotonic(); None means now.
    """
    if not is_signed(app, body, headers):
        return HttpAnswer(401, {"content-type": "text/plain"}, b"not signed by Slack")
    timestamp, arrived = int(headers["x-slack-request-timestamp"]), arrived_at or time.monotonic()
    with app.delays.sent_at(timestamp, arrived) as sent_at:
        came = {ARRIVED_AT: sent_at}
        response = dispatch(app, lambda: BoltRequest(body=body.decode(), headers=dict(headers), context=came))
    flat = {name: ", ".join(values) for name, values in response.headers.items() if name != "set-cookie"}
    return HttpAnswer(response.status, flat, response.body.encode())


def answer_envelope(app: App, payload: Mapping[str, Any], *, arrived_at: float | None = None) -> BoltResponse:
    """Answer one Socket Mode payload. Status 200 means: acknowledge it."""
    came = {ARRIVED_AT: time.monotonic() if arrived_at is None else arrived_at}
    return dispatch(app, lambda: BoltRequest(mode="socket_mode", body=dict(payload), context=came))


def dispatch(app: App, read: Callable[[], BoltRequest]) -> BoltResponse:
    """Run the listener for a request. Acknowledge and log what can't be read: a retry would fail again."""
    body: Any = {}
    try:
        request = read()
        body = request.body
        return app.dispatch(request)
    except BoltUnhandledRequestError:
        why = "Spy does nothing on it"
    except Exception as error:  # noqa: BLE001  anything in Slack's payload may cause it; a retry would fail again
        why = f"Unreadable: {error}" if isinstance(error, Unreadable) else type(error).__name__
    kind = body.get("type") or body.get("command") if isinstance(body, Mapping) else None
    log.warning("a request of Slack's was passed over", kind=_named(kind), why=why)
    return BoltResponse(status=200)


def _named(kind: object) -> str | None:
    """Return the kind of a request for the log; None if it may be something that a person wrote."""
    return kind if isinstance(kind, str) and KIND.fullmatch(kind) else None


def _verifiers(secret: str, slack: ServerClock) -> Sequence[SignatureVerifier]:
    """Return two verifiers: one checks the age by our clock, one by Slack's.

    If our clock is wrong, requests are still accepted.
    """

    class Slack(SignatureClock):
        def now(self) -> float:
            return slack.now().timestamp()

    return SignatureVerifier(secret), SignatureVerifier(secret, Slack())


def is_signed(app: App, body: bytes, headers: Mapping[str, str]) -> bool:
    """Return whether Slack has signed a body, with these headers (names in lower case), and not long ago."""
    timestamp, signature = (headers.get(f"x-slack-{it}", "") for it in ("request-timestamp", "signature"))
    if not SECONDS.fullmatch(timestamp):
        return False
    try:
        return any(it.is_valid(body, timestamp, signature) for it in app.verifiers)
    except (TypeError, ValueError):  # a signature that can't be compared
        return False


def _rise(error: Exception) -> None:
    """Raise the error again, so that `dispatch` handles it instead of bolt."""
    raise error


def authorizer(chat: SlackChat) -> Callable[[], AuthorizeResult]:
    """Return bolt's `authorize`, which knows who Spy is. Otherwise bolt would call Slack before it acknowledges."""

    def authorize() -> AuthorizeResult:
        me = chat.identity
        return AuthorizeResult(
            enterprise_id=None,
            team_id=me.team if me else None,
            bot_user_id=me.user if me else None,
            bot_id=me.bot if me else None,
            bot_token="kept by the outbox",  # noqa: S106  not a token: bolt requires some text
        )

    return authorize


class Listeners:
    """One method for each kind of payload. Logs each failure once and tells the user."""

    def __init__(self, router: RequestRouter, chat: SlackChat, unsaved: Unsaved) -> None:
        self._router = router
        self._unsaved = unsaved
        self._chat = chat
        self._replies = Replies(chat)
        self._types = ChannelTypes()

    def slash(self, body: Body, context: BoltContext) -> BoltResponse:
        request = _timed(payloads.slash(body), context)
        try:
            return self._slash_ack(request, self._router.answer(request))
        except Exception as error:  # noqa: BLE001  the boundary: the user gets a sentence, not a stack trace
            words = self._unsaved.told(request, error)
            if time.monotonic() > request.arrived_at + SLACK_WAITS:
                self._replies.add(request, words)
            return self._slash_ack(request, Response(message=words))

    def _slash_ack(self, request: Request, answer: Response) -> BoltResponse:
        """Return the acknowledgement with the answer in it. What does not fit follows, visible only to the user."""
        if answer.message is None:
            return _done()
        first, *others = messages(in_words(answer.message))
        for part in others:
            self._replies.add(request, part)
        content = {name: value for name, value in payload(first).items() if value}
        kind = "in_channel" if answer.shared else "ephemeral"
        return BoltResponse(status=200, body={"response_type": kind, **content})

    def submission(self, body: Body, context: BoltContext) -> BoltResponse:
        """Answer a submitted form. If Spy fails, the form stays open and keeps what was typed."""
        request = _timed(payloads.submission(body), context)
        try:
            return _form_ack(self._router.answer(request), body)
        except Exception as error:  # noqa: BLE001  the boundary, as above
            return _form_ack(Response(complaints={"": self._unsaved.complaint(request, error)}), body)

    def press(self, body: Body, context: BoltContext) -> BoltResponse:
        """Answer a button press. Slack delivers it only once."""
        return self._aside(self._in_thread(payloads.press(body)), context)

    def shortcut(self, body: Body, context: BoltContext) -> BoltResponse:
        return self._aside(shortcuts.anywhere(body), context)

    def shortcut_on_message(self, body: Body, context: BoltContext) -> BoltResponse:
        request = shortcuts.on_message(body, self._chat.permalink)
        return self._aside(request, context)

    def mention(self, body: Body, context: BoltContext) -> BoltResponse:
        request = payloads.mention(body, self._bot(body))
        if request:
            request = replace(request, is_private=self._types.is_private(request.channel))
        return self._aside(self._in_thread(request), context)

    def message(self, body: Body, context: BoltContext) -> BoltResponse:
        """Answer a message. An edit is a notice first; if it makes the message a command, answer that too."""
        self._types.learn(body.get("event"))
        bot = self._bot(body)
        if request := payloads.speech(body, bot):
            return self._aside(self._in_thread(request), context)
        noticed = self.event(body, context)
        request = payloads.correction(body, bot) if noticed.status == HTTPStatus.OK else None
        return self._aside(self._in_thread(request), context) if request else noticed

    def event(self, body: Body, context: BoltContext) -> BoltResponse:
        """Pass a notice on. If that fails, don't acknowledge it: Slack delivers it again, and nobody waits for it."""
        notice = payloads.notice(body, self._bot(body))
        if notice is None:
            return _done()
        try:
            self._router.notice(_timed(notice, context))
        except (NotDone, Unavailable, Conflict) as error:
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
        """Return no options: Spy has no menus that search while a person types."""
        return BoltResponse(status=200, body={"options": []})

    def nothing(self) -> BoltResponse:
        return _done()

    def _aside(self, request: Request | None, context: BoltContext) -> BoltResponse:
        """Answer a payload whose acknowledgement can't hold text; the router's answer goes through the outbox.

        If it was not done, tell the user now and acknowledge it: Slack must not deliver it again, because what a
        person read was *not done* is never done later.
        """
        if request is None:
            return _done()
        try:
            self._router.answer(_timed(request, context))
        except Exception as error:  # noqa: BLE001  the boundary, as above
            self._replies.add(request, self._unsaved.told(request, error))
        return _done()

    def _in_thread(self, request: Request | None) -> Request | None:
        """Return a request with the thread that it was written in as its origin."""
        return shortcuts.in_thread(request, self._chat.permalink) if request else None

    def _bot(self, body: Body) -> str:
        """Return Spy's user id. Before auth.test has answered, take it from the event."""
        if self._chat.identity:
            return self._chat.identity.user
        return payloads.bot(body)


def _done() -> BoltResponse:
    return BoltResponse(status=200)


def _timed(request: R, context: BoltContext) -> R:
    """Return the request or notice with the time at which it arrived."""
    return replace(request, arrived_at=context[ARRIVED_AT])


def _form_ack(answer: Response, body: Body) -> BoltResponse:
    """Return the acknowledgement of a form. A complaint is shown under its question, or else under the first."""
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
    """Return a logger for errors only: bolt's warnings are about intended settings, and debug text costs time."""
    logger = logging.getLogger("spy.slack.bolt")
    logger.setLevel(logging.ERROR)
    return logger
