"""The terminal chat, used line by line, with a small bot behind it."""

import io
import json
import re
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest
from rich.console import Console
from slack_sdk import WebClient

from bot.sandbox import Box
from bot.sandbox.console.chat import FAILED, HELP, ConsoleChat, converse
from bot.sandbox.console.script import DAYS, read
from bot.sandbox.console.script_actions import UnclearAction
from bot.sandbox.console.transcript import Transcript, plain

Json = dict[str, Any]
Play = Callable[..., tuple[int, str]]


@pytest.fixture
def box() -> Iterator[Box]:
    with Box(delivery="http") as box, TinyBot(box):
        yield box


@pytest.fixture
def play(box: Box) -> Play:
    """Return a function that plays a script, and returns the exit code and the output."""

    def run(script: str, *, interactive: bool = False) -> tuple[int, str]:
        out = Console(file=io.StringIO(), width=200)
        code = converse(box, script.splitlines(), out, interactive=interactive)
        return code, out.file.getvalue()  # type: ignore[attr-defined]

    return run


def button(label: str) -> Json:
    return {"type": "button", "action_id": "open", "text": {"type": "plain_text", "text": label}}


def form() -> Json:
    field = {"type": "plain_text_input", "action_id": "text"}
    label = {"type": "plain_text", "text": "Message"}
    return {
        "type": "modal",
        "callback_id": "update",
        "title": {"type": "plain_text", "text": "Status update"},
        "submit": {"type": "plain_text", "text": "Send"},
        "blocks": [{"type": "input", "block_id": "message", "label": label, "element": field}],
    }


class TinyBot:
    """Answers /incident privately, with a button. The button opens a form. The form posts a message."""

    def __init__(self, box: Box) -> None:
        self._web = WebClient(
            box.environment()["SLACK_BOT_TOKEN"], base_url=box.environment()["SLACK_API_URL"]
        )
        self._server = HTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        box.bot_url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, body: bytes) -> Json | None:
        if body.startswith(b"{"):
            return None
        given = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        return self._interaction(json.loads(given["payload"])) if "payload" in given else self._command(given)

    def _command(self, given: dict[str, str]) -> Json:
        blocks = [
            {"type": "section", "text": {"type": "mrkdwn", "text": f"*{given.get('text', '')}*"}},
            {"type": "actions", "elements": [button("Update")]},
        ]
        self._web.chat_postMessage(channel=given["channel_id"], text="opened", blocks=blocks)
        return {"response_type": "ephemeral", "text": "You have command"}

    def _interaction(self, payload: Json) -> Json | None:
        if payload["type"] == "block_actions":
            self._web.views_open(trigger_id=payload["trigger_id"], view=form())
            return None
        text = payload["view"]["state"]["values"]["message"]["text"]["value"]
        if text == "no":
            return {"response_action": "errors", "errors": {"message": "Say more"}}
        self._web.chat_postMessage(channel="C0GENERAL", text=f"Update: {text}")
        return None

    def _handler(bot) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - the handler has a self of its own
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                answer = bot.answer(self.rfile.read(int(self.headers["content-length"])))
                content = b"" if answer is None else json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        return Handler


def test_an_empty_script_succeeds(play: Play):
    assert play("") == (0, "")


def test_a_script_of_comments_succeeds(play: Play):
    assert play("# one\n\n# two") == (0, "# one\n# two\n")


def test_a_script_stops_at_quit(play: Play):
    code, out = play('quit\nexpect "never"')

    assert (code, out) == (0, "")


def test_a_slash_command_shows_what_each_person_sees(play: Play):
    code, out = play('ana #general> /incident me "checkout is down"\nexpect "checkout is down"')

    assert code == 0
    assert out.startswith('ana #general> /incident me "checkout is down"\n')
    assert "only ana, in #general  You have command" in out
    assert "[Update]" in out


def test_an_ephemeral_message_is_seen_by_one_person_only(play: Play):
    assert play('/incident me x\nexpect "you have command" to ana')[0] == 0

    code, out = play('expect "you have command" within 10ms to raj')

    assert code == 1
    assert 'line 1: expected "you have command" within 0.01 s to raj; there is:' in out


def test_a_failed_expectation_names_its_line_and_shows_what_was_there(play: Play):
    code, out = play('ana #imoc> hello\n\nexpect "calm" within 10ms')

    assert code == 1
    assert 'line 3: expected "calm" within 0.01 s in #imoc as ana; there is:\n    - hello\n' in out


def test_a_failed_expectation_does_not_end_an_interactive_chat(play: Play):
    code, out = play('expect "calm" within 10ms\nhello', interactive=True)

    assert code == 0
    assert 'expected "calm"' in out


def test_a_script_fails_on_words_that_it_must_not_see(play: Play):
    assert play('hello\nexpect not "goodbye"')[0] == 0
    assert play('hello\nexpect not "HELLO"')[0] == 1


def test_a_form_is_filled_in_and_sent(play: Play):
    code, out = play(
        '/incident me x\npress "update"\nfill message="All calm"\nsubmit\nexpect "Update: All calm" in #general'
    )

    assert code == 0
    assert "only ana\n      a form opens: Status update" in out


def test_a_form_that_comes_back_says_why(play: Play):
    code, out = play("/incident me x\npress update\nfill Message=no\nsubmit")

    assert code == 1
    assert "Say more" in out


def test_a_form_that_is_not_open_cannot_be_sent(play: Play):
    code, out = play("submit", interactive=True)

    assert code == 0
    assert "No form is open for ana" in out


def test_a_button_that_is_not_there_is_named(play: Play):
    _, out = play('press "Launch"', interactive=True)

    assert 'ana sees no button "Launch" in #general' in out


def test_replies_reactions_and_edits_reach_the_last_message(box: Box, play: Play):
    code, _ = play(
        'ana #imoc> first\nreact memo\nreply: second\nas raj\nthird\nedit "fourth"\nunreact memo "first"'
    )

    first, second, third = box.slack.messages("imoc")
    assert code == 0
    assert second.thread_ts == first.ts
    assert (third.text, third.user) == ("fourth", "U0RAJ")
    assert first.reactions == {"memo": ["U0ANA"]}


def test_a_direct_message_reaches_the_bot(box: Box, play: Play):
    assert play("ana @spy> help\ndm> tldr\nkim dm> oncall\nas ana\ndm\nwho")[0] == 0

    assert [m.text for m in box.slack.messages("D0ANA")] == ["help", "tldr", "who"]
    assert [m.text for m in box.slack.messages("D0KIM")] == ["oncall"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (" ", "Nothing was typed. ? shows what you can type."),
        ("as bob", "Nobody here is called bob. There are: ana, raj, kim, zoe."),
        ("#genral", "There is no channel #genral"),
        ("ana #genral> hi", "There is no channel #genral"),
        ("ana #genral>", "There is no channel #genral"),
        ("join #genral", "There is no channel #genral"),
        ("kim dms> tldr", "Try: kim #general> text, kim dm> text or kim phone> ack."),
        ("\x1b[A", "This line has a key that is not a letter"),
        ("caf\udce9", "This line is not UTF-8 text. Nothing was sent."),
        ("zoe #payments> hi", "zoe is not in #payments"),
        ("zoe phone> ack", "zoe has no phone in PagerDuty"),
        ("fill message=x", "No form is open for ana"),
        ("cancel", "No form is open for ana"),
        ("/", "/ is not a valid command."),
        ("/incidnet list", "/incidnet is not a valid command."),
    ],
)
def test_every_typed_line_gets_an_answer(box: Box, play: Play, typed: str, said: str):
    box.slack.install({"features": {"slash_commands": [{"command": "/incident"}]}})

    code, out = play(typed, interactive=True)

    assert code == 0
    assert said in out


@pytest.mark.parametrize(
    "typed", ["#genral", "in #genral", "ana #genral>", "ana #genral> hi", "raj #genral> +1s"]
)
def test_an_unknown_channel_does_not_change_the_place(box: Box, play: Play, typed: str):
    play(f"{typed}\nhello", interactive=True)

    assert [m.text for m in box.slack.messages("general")] == ["hello"]


@pytest.mark.parametrize("values", ["next=15m", "message=calm next=15m", "mesage=calm"])
def test_an_unknown_field_is_refused_at_once_and_changes_nothing(play: Play, values: str):
    code, out = play(
        f'/incident me x\npress update\nfill {values}\nfill message="All calm"\nsubmit', interactive=True
    )

    assert code == 0
    assert "no field is called" in out
    assert "there is Message" in out
    assert "Update: All calm" in out


def test_a_form_left_open_at_the_end_is_noted(play: Play):
    _, out = play("/incident me x\npress update\nfill message=calm")

    assert "ana's form is still open and not sent." in out


def test_each_person_fills_in_their_own_form(play: Play):
    code, out = play(
        "/incident me x\npress update\nfill message=calm\nas raj\n/incident me y\npress update\nsubmit"
    )

    assert code == 1
    assert "Please complete this required field." in out


def test_every_example_of_the_help_is_understood():
    examples = [part for line in HELP.splitlines()[1:] for part in re.split(r" {3,}| · ", line.strip())[:1]]

    assert [
        it
        for it in examples
        if isinstance(read(it, people=("ana", "raj", "kim", "zoe")).action, UnclearAction)
    ] == []


def test_a_channel_may_be_named_by_its_beginning(box: Box, play: Play):
    box.slack.create("ana", "inc-1-checkout-is-down")

    code, out = play('ana #inc-1-*> hello\nexpect "hello" in #inc-*')

    assert code == 0
    assert "ana #inc-1-*> hello" in out


def test_a_ringing_phone_is_answered(box: Box, play: Play):
    service = box.pagerduty.account.services["PSVC1"]
    box.pagerduty.incidents.open("Checkout is down", service, by="PUSPY")

    code, out = play(
        'phone raj\nexpect "checkout" on raj\'s phone\nack\nexpect not "checkout" on raj\'s phone\nresolve'
    )

    assert code == 0
    assert "rings: [#1] Checkout is down (imoc)" in out
    assert "PagerDuty  acknowledged by raj: [#1] Checkout is down" in out
    assert box.pagerduty.incident("1").status == "resolved"


def test_one_page_of_two_is_answered_by_its_words(box: Box, play: Play):
    service = box.pagerduty.account.services["PSVC1"]
    for title in ("Checkout is down", "Search is slow"):
        box.pagerduty.incidents.open(title, service, by="PUSPY")

    code, _ = play('raj phone> ack "checkout"')

    assert code == 0
    assert [box.pagerduty.incident(number).status for number in "12"] == ["acknowledged", "triggered"]


def test_a_line_puts_people_on_call(box: Box, play: Play):
    assert play("on call imoc: kim, then ana")[0] == 0

    now = box.clock.now()
    assert [box.pagerduty.account.schedules[it].on_call(now).user for it in ("PSCH1", "PSCH3")] == [
        "PUKIM",
        "PUANA",
    ]


@pytest.mark.parametrize(
    ("line", "why"), [("on call imok: raj", "no policy imok"), ("on call imoc: zoe", "zoe has no phone")]
)
def test_a_script_fails_if_a_person_cannot_be_on_call(play: Play, line: str, why: str):
    code, out = play(line)

    assert code == 1
    assert why in out


@pytest.mark.parametrize("day", DAYS)
def test_a_jump_goes_to_the_next_such_hour_of_that_day(box: Box, play: Play, day: str):
    before = box.clock.now()

    play(f"jump to {day} 18:00")

    assert f"{box.clock.now():%a %H:%M}" == f"{day.title()} 18:00"
    assert timedelta() < box.clock.now() - before < timedelta(days=7, seconds=30)


def test_a_script_does_not_wait_for_messages_from_before_its_start(box: Box):
    box.slack.create("ana", "inc-1-checkout")
    box.slack.say("ana", "inc-1-checkout", "all is calm")
    box.slack.say("ana", "general", "all is calm")
    box.clock.jump(timedelta(seconds=5))
    chat = ConsoleChat(box, Console(file=io.StringIO()), patience=timedelta(), since=box.clock.now())

    seen = [
        chat.play([line], interactive=False)
        for line in (
            'expect "calm" within 1ms in #general',
            'expect "calm" within 1ms in #inc-*',
            "in #inc-*",
            "ana #inc-*> hello",
        )
    ]

    assert seen == [FAILED, FAILED, FAILED, FAILED]


def test_a_phone_that_is_not_ringing_cannot_be_answered(play: Play):
    _, out = play("raj phone> ack", interactive=True)

    assert "raj's phone is not ringing" in out


def test_a_line_that_is_not_understood_fails_a_script(play: Play):
    code, out = play("hello\nexpect calm")

    assert code == 1
    assert "line 2: Try: expect" in out


def test_an_edit_shows_only_the_lines_that_changed(box: Box, play: Play):
    web = WebClient(box.environment()["SLACK_BOT_TOKEN"], base_url=box.environment()["SLACK_API_URL"])

    def script() -> Iterator[str]:
        yield "# the card is posted"
        ts = web.chat_postMessage(channel="C0IMOC", text="Commander: none\nSeverity: sev1")["ts"]
        web.chat_update(channel="C0IMOC", ts=ts, text="Commander: ana\nSeverity: sev1")

    out = Console(file=io.StringIO(), width=200)
    converse(box, script(), out, interactive=False)

    assert "#imoc  edited: Commander: ana\n" in out.file.getvalue()  # type: ignore[attr-defined]


def test_help_fits_half_a_screen(play: Play):
    _, out = play("?", interactive=True)

    assert 10 < len(out.splitlines()) <= 22
    assert max(map(len, out.splitlines())) <= 110


@pytest.mark.parametrize("nasty", ["\x1b[2J", "\x07", "\x9b31m", "\u202e", "[bold red]", "\r", ":skull:"])
def test_no_words_can_colour_or_move_the_terminal(box: Box, nasty: str):
    out = Console(file=io.StringIO(), force_terminal=True, width=200)
    web = WebClient(box.environment()["SLACK_BOT_TOKEN"], base_url=box.environment()["SLACK_API_URL"])

    def script() -> Iterator[str]:
        web.chat_postMessage(channel="C0IMOC", text=f"before{nasty}after")
        yield f"ana #imoc> before{nasty}after"

    converse(box, script(), out, interactive=False)

    printed = out.file.getvalue()  # type: ignore[attr-defined]
    if plain(nasty) == nasty:
        assert nasty in printed
    else:
        assert nasty not in printed


def test_an_interrupted_chat_has_its_own_exit_code(box: Box):
    def script() -> Iterator[str]:
        yield "hello"
        raise KeyboardInterrupt

    assert converse(box, script(), Console(file=io.StringIO()), interactive=True) == 130


def test_a_home_tab_is_printed_and_later_only_what_is_new_on_it(box: Box) -> None:
    def home(*texts: str) -> Json:
        blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": text}} for text in texts]
        return {"type": "home", "blocks": blocks}

    slack = WebClient(box.environment()["SLACK_BOT_TOKEN"], base_url=box.environment()["SLACK_API_URL"])
    printed = io.StringIO()
    box.on(Transcript(Console(file=printed, width=200), place_name=str).on_event)
    slack.views_publish(user_id="U0ANA", view=home("nothing is open"))
    slack.views_publish(user_id="U0ANA", view=home("nothing is open", "a shift begins"))

    box.wait_for(lambda: "begins" in printed.getvalue())
    assert printed.getvalue().splitlines() == [
        "  ana's home tab  nothing is open",
        "  ana's home tab  a shift begins",
    ]
