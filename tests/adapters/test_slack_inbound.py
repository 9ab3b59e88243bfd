"""Signed requests, straight into bolt: what is asked, what is noticed, and what is answered."""

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest

from bot.adapters.slack.chat import SlackChat
from bot.adapters.slack.client import PooledWebClient
from bot.adapters.slack.identity import Identity
from bot.adapters.slack.inbound import HttpAnswer, answer_http, build_app
from bot.commands.request import (
    Automated,
    ClosedNotice,
    Deleted,
    Edited,
    Joined,
    Left,
    MadePrivateNotice,
    MovedNotice,
    Notice,
    PutOut,
    Reacted,
    Renamed,
    ReopenedNotice,
    Request,
    Response,
    Shared,
    Source,
    Unreacted,
)
from bot.domain.message import Message
from tests.fakes.chat import WallClock

SECRET = "shhh"
NOWHERE = "http://127.0.0.1:1/api/"
ME = Identity(
    team="T0SPY", team_name="acme", url="https://acme.slack.com/", user="U0SPY", bot="B0SPY", name="spy"
)


class Listening:
    """A router that remembers what it was asked."""

    def __init__(self) -> None:
        self.asks: list[Request] = []
        self.notices: list[Notice] = []
        self.reply = Response()
        self.fault: Exception | None = None

    def answer(self, request: Request) -> Response:
        self.asks.append(request)
        if self.fault:
            raise self.fault
        return self.reply

    def notice(self, notice: Notice) -> None:
        self.notices.append(notice)
        if self.fault:
            raise self.fault


class KnownChat(SlackChat):
    """Knows who it is without having asked."""

    identity = ME


class Slack:
    """Signs what Slack would send, and keeps what came of it."""

    def __init__(self) -> None:
        self.router = Listening()
        client = PooledWebClient("xoxb-nothing", base_url=NOWHERE)
        self.chat = KnownChat(client, WallClock())
        self.app = build_app(self.router, self.chat, signing_secret=SECRET, api_url=NOWHERE)

    def send(self, body: str, kind: str, *, at: float | None = None, secret: str = SECRET) -> HttpAnswer:
        timestamp = str(int(time.time() if at is None else at))
        mac = hmac.new(secret.encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256).hexdigest()
        headers = {
            "content-type": kind,
            "x-slack-request-timestamp": timestamp,
            "x-slack-signature": f"v0={mac}",
        }
        return answer_http(self.app, body.encode(), headers)

    def slash(self, command: str, text: str, **more: Any) -> HttpAnswer:
        return self.send(urlencode(SLASH | {"command": command, "text": text}), FORM, **more)

    def event(self, event: Mapping[str, Any]) -> HttpAnswer:
        return self.send(json.dumps(EVENT | {"event": event}), "application/json")

    def interaction(self, body: Mapping[str, Any]) -> HttpAnswer:
        return self.send(urlencode({"payload": json.dumps(body)}), FORM)


FORM = "application/x-www-form-urlencoded"
SLASH = {
    "token": "t",
    "team_id": "T0SPY",
    "channel_id": "C0GENERAL",
    "channel_name": "general",
    "user_id": "U0ANA",
    "user_name": "ana",
    "api_app_id": "A0SPY",
    "response_url": "https://hooks.slack.com/commands/1",
    "trigger_id": "1.2.abc",
}
EVENT = {
    "token": "t",
    "team_id": "T0SPY",
    "api_app_id": "A0SPY",
    "type": "event_callback",
    "event_id": "Ev1",
    "event_time": 1,
    "authorizations": [{"team_id": "T0SPY", "user_id": "U0SPY", "is_bot": True}],
}
PRESS = {
    "type": "block_actions",
    "user": {"id": "U0ANA", "username": "ana", "team_id": "T0SPY"},
    "team": {"id": "T0SPY"},
    "api_app_id": "A0SPY",
    "trigger_id": "1.2.press",
    "response_url": "https://hooks.slack.com/actions/1",
    "channel": {"id": "C0GENERAL"},
    "container": {"type": "message", "message_ts": "5.0", "channel_id": "C0GENERAL"},
    "message": {"ts": "5.0"},
}
SUBMISSION = {
    "type": "view_submission",
    "user": {"id": "U0ANA", "username": "ana", "team_id": "T0SPY"},
    "team": {"id": "T0SPY"},
    "trigger_id": "1.2.form",
    "view": {
        "id": "V1",
        "type": "modal",
        "callback_id": "say",
        "title": {"type": "plain_text", "text": "Update"},
        "private_metadata": json.dumps({"command": "incident 7 update", "incident": 7, "channel": "C1"}),
        "blocks": [{"type": "input", "block_id": "message"}],
        "state": {"values": {"message": {"answer": {"type": "plain_text_input", "value": "all well"}}}},
    },
}


@pytest.fixture
def slack():
    slack = Slack()
    yield slack
    slack.chat.close()


def said(text: str, **more: Any) -> dict[str, Any]:
    message = {
        "type": "message",
        "channel": "C0GENERAL",
        "channel_type": "channel",
        "user": "U0ANA",
        "ts": "9.1",
    }
    return message | {"text": text} | more


# --- slash ------------------------------------------------------------------------------------------------


def test_a_short_command_says_its_own_name_first(slack: Slack):
    slack.slash("/incident", 'me "x" <@U0RAJ|raj>')

    assert slack.router.asks == [
        Request(
            id="1.2.abc",
            text='incident me "x" <@U0RAJ|raj>',
            user="U0ANA",
            user_name="ana",
            source=Source.SLASH,
            channel="C0GENERAL",
            trigger="1.2.abc",
            response_url="https://hooks.slack.com/commands/1",
        )
    ]


def test_spy_itself_is_no_part_of_what_is_said(slack: Slack):
    slack.slash("/spy", " incident tldr ")

    assert slack.router.asks[0].text == "incident tldr"


def test_an_answer_goes_back_in_the_acknowledgement(slack: Slack):
    slack.router.reply = Response(message=Message(text="hello"))

    private = slack.slash("/spy", "help")
    slack.router.reply = replace(slack.router.reply, shared=True)
    shared = slack.slash("/spy", "help")

    assert json.loads(private.body) == {"response_type": "ephemeral", "text": "hello"}
    assert json.loads(shared.body) == {"response_type": "in_channel", "text": "hello"}


def test_no_answer_is_an_empty_acknowledgement(slack: Slack):
    assert slack.slash("/spy", "incident stop") == HttpAnswer(
        200, {"content-type": "text/plain;charset=utf-8"}, b""
    )


@pytest.mark.parametrize(
    "wrong",
    [{"secret": "guessed"}, {"at": 0}, {"at": time.time() - 360}],
    ids=["wrong secret", "the epoch", "six minutes old"],
)
def test_a_request_that_slack_did_not_sign_just_now_is_refused(slack: Slack, wrong: dict[str, Any]):
    answer = slack.slash("/spy", "incident stop", **wrong)

    assert answer.status == 401
    assert slack.router.asks == []


@pytest.mark.parametrize(
    "headers", [{}, {"x-slack-request-timestamp": "soon"}, {"x-slack-request-timestamp": "1"}]
)
def test_a_request_without_a_proper_signature_is_refused(slack: Slack, headers: dict[str, str]):
    assert answer_http(slack.app, b"command=%2Fspy", headers).status == 401


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b'"x"'])
def test_what_is_no_request_of_slacks_is_refused(slack: Slack, body: bytes):
    headers = {"content-type": "application/json", "x-slack-request-timestamp": "1"}

    assert answer_http(slack.app, body, headers).status in {400, 401}


def test_slacks_question_for_the_address_is_answered(slack: Slack):
    answer = slack.send(json.dumps({"type": "url_verification", "challenge": "xyz"}), "application/json")

    assert json.loads(answer.body) == {"challenge": "xyz"}


def test_a_fault_of_ours_is_a_sentence_with_the_words_kept(slack: Slack, capsys: pytest.CaptureFixture[str]):
    slack.router.fault = RuntimeError("secret detail")

    answer = slack.slash("/incident", 'me "checkout &lt; down"')

    text = json.loads(answer.body)["text"]
    assert answer.status == 200
    assert 'incident me "checkout &lt; down"' in text
    assert "secret detail" not in text
    assert "secret detail" in capsys.readouterr().out


# --- speech -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<@U0SPY> incident tldr", "incident tldr"),
        ("<@U0SPY|spy>: incident tldr", "incident tldr"),
        ("hey <@U0SPY> page :payments help <@U0RAJ>", "page :payments help <@U0RAJ>"),
        ("<@U0SPY>", ""),
    ],
)
def test_a_mention_says_what_follows_it(slack: Slack, text: str, words: str):
    slack.event(said(text) | {"type": "app_mention"})

    assert [(request.id, request.text, request.source) for request in slack.router.asks] == [
        ("Ev1", words, Source.MENTION)
    ]


def test_a_mention_in_a_thread_knows_its_thread(slack: Slack):
    slack.event(said("<@U0SPY> incident note x", thread_ts="8.0") | {"type": "app_mention"})

    assert slack.router.asks[0].thread == "8.0"


def test_a_message_that_mentions_is_asked_once(slack: Slack):
    slack.event(said("spy help <@U0SPY> incident tldr"))

    assert slack.router.asks == []


@pytest.mark.parametrize("text", ["spy incident tldr", "Spy, incident tldr", "  SPY incident tldr "])
def test_a_plain_message_that_begins_with_spy_is_an_ask(slack: Slack, text: str):
    slack.event(said(text))

    assert [(request.text, request.source) for request in slack.router.asks] == [
        ("incident tldr", Source.PLAIN)
    ]


@pytest.mark.parametrize("text", ["spying is bad", "I spy", "spy", "", "despicable spy incident"])
def test_talk_is_no_ask(slack: Slack, text: str):
    slack.event(said(text))

    assert slack.router.asks == []


@pytest.mark.parametrize(
    ("text", "words"),
    [("incident list", "incident list"), ("spy oncall", "oncall"), ("<@U0SPY> help", "help"), ("spy", "")],
)
def test_a_dm_needs_no_prefix(slack: Slack, text: str, words: str):
    slack.event(said(text, channel="D0ANA", channel_type="im"))

    assert [(request.text, request.source) for request in slack.router.asks] == [(words, Source.DM)]


@pytest.mark.parametrize(
    "more",
    [{"bot_id": "B1"}, {"subtype": "channel_join"}, {"subtype": "bot_message"}, {"user": "U0SPY"}],
)
def test_bots_and_slack_itself_are_not_listened_to(slack: Slack, more: dict[str, Any]):
    slack.event(said("spy incident tldr", **more))

    assert slack.router.asks == []


WORKFLOW = {
    "bot_id": "B0FLOW",
    "subtype": "bot_message",
    "bot_profile": {"is_workflow_bot": True},
    "user": None,
}


@pytest.mark.parametrize("text", ['spy incident me "x"', 'spy, incident me "x"', '<@U0SPY> incident me "x"'])
def test_what_a_workflow_wants_is_noticed(slack: Slack, text: str):
    slack.event(said(text, **WORKFLOW))
    slack.event(said("Good morning, spy fans", **WORKFLOW))

    [notice] = slack.router.notices
    assert isinstance(notice, Automated)
    assert notice.words == 'incident me "x"'


def edited(text: str, before: str, *, after: float = 20.0, **more: Any) -> dict[str, Any]:
    """What Slack sends when somebody edits a message, so many seconds after it was written."""
    about = {"type": "message", "user": "U0ANA", "ts": "1795433600.0001"}
    edit = {"user": "U0ANA", "ts": f"{1795433600.0001 + after:.4f}"}
    return said("", subtype="message_changed") | {
        "message": {**about, "text": text, "edited": edit, **more},
        "previous_message": {**about, "text": before},
    }


@pytest.mark.parametrize(
    ("text", "source"), [("spy incident tldr", Source.PLAIN), ("<@U0SPY> incident tldr", Source.MENTION)]
)
def test_a_message_that_is_edited_into_a_command_is_one(slack: Slack, text: str, source: Source):
    slack.event(edited(text, "spy incidnet tldr"))

    [request] = slack.router.asks
    assert (request.text, request.source, request.message) == (
        "incident tldr",
        source,
        "C0GENERAL:1795433600.0001",
    )
    assert [type(it) for it in slack.router.notices] == [Edited]


@pytest.mark.parametrize(
    "event",
    [
        edited("spy incident tldr", "spy incident tldr"),
        edited("spy incident tldr", "old words", after=4000),
        edited("spy incident tldr", "spy incidnet tldr", bot_id="B1"),
        edited("it is better", "it is beter"),
        edited("spy incident tldr", "spy incidnet tldr", edited=None),
        edited("spy incident tldr", "spy incidnet tldr", edited={"user": "U0ANA", "ts": "x"}),
        edited("spy incident tldr", "spy incidnet tldr", edited={"user": "U0ANA", "ts": "nan"}),
    ],
)
def test_an_edit_that_makes_no_command_now_is_none(slack: Slack, event: dict[str, Any]):
    slack.event(event)

    assert slack.router.asks == []


@pytest.mark.parametrize(
    "text",
    [
        "`spy tldr`",
        "*spy tldr*",
        "_spy tldr_",
        "```spy tldr```",
        "&gt; spy tldr",
        "*spy* tldr",
        "*spy:* tldr",
    ],
)
def test_decoration_hides_no_command(slack: Slack, text: str):
    slack.event(said(text))

    assert [request.text for request in slack.router.asks] == ["tldr"]


@pytest.mark.parametrize("subtype", ["thread_broadcast", "file_share"])
def test_speech_with_something_attached_is_speech(slack: Slack, subtype: str):
    slack.event(said("spy incident tldr", subtype=subtype))

    assert len(slack.router.asks) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("note half \ud83d a letter", "note half \ufffd a letter"),
        ("note \ud83d\ude00 both halves", "note \U0001f600 both halves"),
        ("note nul\0", "note nul\ufffd"),
        ("note \udc00", "note \ufffd"),
    ],
)
def test_what_nothing_can_store_is_replaced_at_the_door(slack: Slack, text: str, words: str):
    slack.event(said(f"spy {text}"))

    assert [request.text for request in slack.router.asks] == [words]


# --- buttons and forms ------------------------------------------------------------------------------------


def test_a_press_says_what_the_button_says(slack: Slack):
    action = {"type": "button", "action_id": "say-1", "block_id": "b", "value": "incident 7 take"}

    answer = slack.interaction(PRESS | {"actions": [action]})

    assert answer.status == 200
    assert [(request.text, request.source, request.thread) for request in slack.router.asks] == [
        ("incident 7 take", Source.BUTTON, None)
    ]


def test_a_button_that_only_opens_a_link_is_acknowledged(slack: Slack):
    action = {"type": "button", "action_id": "open-1", "block_id": "b", "url": "https://example.com"}

    assert slack.interaction(PRESS | {"actions": [action]}).status == 200
    assert slack.router.asks == []


def test_a_form_brings_its_command_and_its_fields(slack: Slack):
    slack.interaction(SUBMISSION)

    request = slack.router.asks[0]
    assert (request.text, request.source, request.incident, request.channel) == (
        "incident 7 update",
        Source.FORM,
        7,
        "C1",
    )
    assert request.given == {"message": "all well"}


def test_complaints_stand_under_their_question(slack: Slack):
    slack.router.reply = Response(complaints={"message": "Say more.", "unknown": "Hm."})

    answer = slack.interaction(SUBMISSION)

    assert json.loads(answer.body) == {"response_action": "errors", "errors": {"message": "Hm."}}


def test_a_forms_answer_is_shown_in_its_place(slack: Slack):
    slack.router.reply = Response(message=Message(text="Noted."))

    body = json.loads(slack.interaction(SUBMISSION).body)

    assert body["response_action"] == "update"
    assert body["view"]["blocks"][0]["text"]["text"] == "Noted."


def test_a_form_stays_open_where_we_fail(slack: Slack, capsys: pytest.CaptureFixture[str]):
    slack.router.fault = RuntimeError("database away")

    body = json.loads(slack.interaction(SUBMISSION).body)

    assert body["response_action"] == "errors"
    assert body["errors"]["message"].startswith("Spy hit a fault of its own and did nothing.")


def test_a_closed_form_is_acknowledged(slack: Slack):
    assert slack.interaction(SUBMISSION | {"type": "view_closed", "is_cleared": False}).status == 200


# --- notices ----------------------------------------------------------------------------------------------

REACTION = {"user": "U0ANA", "reaction": "memo", "item": {"type": "message", "channel": "C1", "ts": "3.0"}}
SENT = {"type": "message", "user": "U0ANA", "text": "now", "ts": "3.0"}


@pytest.mark.parametrize(
    ("event", "notice"),
    [
        (
            {"type": "member_joined_channel", "user": "U0RAJ", "channel": "C1"},
            Joined(id="Ev1", channel="C1", person="U0RAJ"),
        ),
        (
            REACTION | {"type": "reaction_added"},
            Reacted(id="Ev1", channel="C1", person="U0ANA", ts="3.0", emoji="memo"),
        ),
        (
            REACTION | {"type": "reaction_removed"},
            Unreacted(id="Ev1", channel="C1", person="U0ANA", ts="3.0", emoji="memo"),
        ),
        (
            {
                "type": "message",
                "subtype": "message_changed",
                "channel": "C1",
                "message": SENT,
                "previous_message": SENT | {"text": "then"},
            },
            Edited(id="Ev1", channel="C1", person="U0ANA", ts="3.0", text="now"),
        ),
        (
            {
                "type": "message",
                "subtype": "message_deleted",
                "channel": "C1",
                "deleted_ts": "3.0",
                "previous_message": SENT,
            },
            Deleted(id="Ev1", channel="C1", ts="3.0"),
        ),
        (
            SENT
            | {
                "subtype": "file_share",
                "channel": "C1",
                "files": [
                    {
                        "id": "F1",
                        "mimetype": "image/png",
                        "title": "graph",
                        "permalink": "https://a.example/F1",
                    },
                    {
                        "id": "F2",
                        "mimetype": "text/plain",
                        "title": "log",
                        "permalink": "https://a.example/F2",
                    },
                ],
            },
            Shared(
                id="Ev1",
                channel="C1",
                person="U0ANA",
                ts="3.0",
                text="now",
                images=(("graph", "https://a.example/F1"),),
            ),
        ),
        (
            {"type": "channel_rename", "channel": {"id": "C1", "name": "inc-1-x", "created": 1}},
            Renamed(id="Ev1", channel="C1", name="inc-1-x"),
        ),
        (
            {"type": "channel_archive", "channel": "C1", "user": "U0ANA", "is_moved": 0},
            ClosedNotice(id="Ev1", channel="C1", how="archived", by="U0ANA"),
        ),
        ({"type": "group_archive", "channel": "G1"}, ClosedNotice(id="Ev1", channel="G1", how="archived")),
        ({"type": "channel_deleted", "channel": "C1"}, ClosedNotice(id="Ev1", channel="C1", how="deleted")),
        (
            {"type": "group_deleted", "channel": "G1", "actor_id": "U0ANA"},
            ClosedNotice(id="Ev1", channel="G1", how="deleted", by="U0ANA"),
        ),
        (
            {"type": "channel_unarchive", "channel": "C1", "user": "U0ANA"},
            ReopenedNotice(id="Ev1", channel="C1", by="U0ANA"),
        ),
        (
            {"type": "member_joined_channel", "user": "U0SPY", "channel": "C1", "inviter": "U0ANA"},
            ReopenedNotice(id="Ev1", channel="C1", by="U0ANA"),
        ),
        (
            {"type": "channel_left", "channel": "C1", "actor_id": "U0ANA"},
            PutOut(id="Ev1", channel="C1", private=False, by="U0ANA"),
        ),
        ({"type": "group_left", "channel": "G1"}, PutOut(id="Ev1", channel="G1", private=True)),
        (
            {"type": "member_left_channel", "user": "U0SPY", "channel": "C1", "channel_type": "C"},
            PutOut(id="Ev1", channel="C1", private=False),
        ),
        (
            {"type": "member_left_channel", "user": "U0ANA", "channel": "C1", "channel_type": "C"},
            Left(id="Ev1", channel="C1", person="U0ANA"),
        ),
        (
            {
                "type": "message",
                "subtype": "channel_convert_to_private",
                "channel": "C1",
                "user": "U0ANA",
                "text": "made this channel *private*.",
                "ts": "3.0",
            },
            MadePrivateNotice(id="Ev1", channel="C1", by="U0ANA"),
        ),
        (
            {"type": "channel_id_changed", "old_channel_id": "C1", "new_channel_id": "C2"},
            MovedNotice(id="Ev1", channel="C1", to="C2"),
        ),
    ],
)
def test_what_happens_in_a_channel_is_noticed(slack: Slack, event: dict[str, Any], notice: Notice):
    slack.event(event)

    assert slack.router.notices == [notice]


@pytest.mark.parametrize(
    "event",
    [
        {"type": "reaction_added", "user": "U0SPY", "reaction": "x", "item": REACTION["item"]},
        {
            "type": "message",
            "subtype": "message_changed",
            "channel": "C1",
            "message": SENT,
            "previous_message": SENT,
        },
        {
            "type": "message",
            "subtype": "message_changed",
            "channel": "C1",
            "message": SENT | {"bot_id": "B0"},
        },
        {"type": "pin_added", "channel_id": "C1", "user": "U0ANA"},
    ],
)
def test_what_spy_did_itself_or_did_not_ask_for_is_passed_over(slack: Slack, event: dict[str, Any]):
    assert slack.event(event).status == 200
    assert slack.router.notices == []


def test_a_notice_that_fails_is_left_for_slack_to_bring_again(
    slack: Slack, capsys: pytest.CaptureFixture[str]
):
    slack.router.fault = RuntimeError("database away")

    answer = slack.event({"type": "member_joined_channel", "user": "U0RAJ", "channel": "C1"})

    assert answer.status == 500
    assert "database away" in capsys.readouterr().out
