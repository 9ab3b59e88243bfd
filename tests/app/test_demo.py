"""The demo around its talk: it starts a bot, waits for it, and leaves none behind."""

import errno
import io
import os
import re
import socket
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from bot.app import demo

READY = """
import http.server, json, os, pathlib, sys, yaml
config = yaml.safe_load(open(sys.argv[3]))
pathlib.Path({notes!r}).write_text(json.dumps({{"pid": os.getpid(), "env": dict(os.environ)}}))
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", config["web"]["port"]), Ready).serve_forever()
"""


def replacing(code: str) -> tuple[str, ...]:
    """A bot that isn't: enough to be started, waited for and ended."""
    return (sys.executable, "-c", code)


class Terminal(io.StringIO):
    """Somebody who sits at a keyboard."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    return tmp_path / "notes.json"


def played(script: str, notes: Path) -> int:
    bot = replacing(READY.format(notes=str(notes)))
    return demo.play(io.StringIO(script), port=None, log=None, bot=bot)


def test_a_play_is_played_and_the_bot_is_gone_afterwards(notes: Path):
    code = played("ana #general> hello\n", notes)

    pid = int(notes.read_text().partition('"pid": ')[2].partition(",")[0])
    assert code == 0
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_script_that_is_not_utf_8_is_told_by_its_line(notes: Path, capsys: pytest.CaptureFixture[str]):
    script = io.TextIOWrapper(io.BytesIO(b"ana #general> hello\ncaf\xe9\n"), encoding="utf-8")

    code = demo.play(script, port=None, log=None, bot=replacing(READY.format(notes=str(notes))))

    assert code == 1
    assert "line 2: This line is not UTF-8 text" in capsys.readouterr().out


def test_a_failed_expectation_fails_the_play(notes: Path):
    assert played('ana #general> hello\nexpect "goodbye" within 50ms\n', notes) == 1


def test_there_are_two_sites_to_move_traffic_between(notes: Path):
    assert played('expect "east 100 %, west 0 %" on the switch\n', notes) == 0


def test_the_bot_gets_the_boxs_tokens_and_none_of_ours(notes: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-real")
    monkeypatch.setenv("CHANGES_WEBHOOK_SECRET", "real-secret")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com")
    monkeypatch.setenv("OUR_JIRA_TOKEN", "jira-real")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "aws-real")

    played("ana #general> hello\n", notes)

    seen = notes.read_text()
    assert "127.0.0.1" in seen
    assert not any(word in seen for word in ("xoxb-real", "real-secret", "proxy.example.com", "-real"))


def test_ones_own_configuration_says_in_a_line_what_is_replaced(
    notes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    own = tmp_path / "own.yaml"
    own.write_text("slack: {announce: C0OURS}\ntimers: {channel_rest: 7m}\n", encoding="utf-8")
    bot = replacing(READY.format(notes=str(notes)))

    code = demo.play(io.StringIO("ana> hello\n"), port=None, log=None, bot=bot, config=own)

    assert code == 0
    assert "The sandbox has its own people, channels, tokens and addresses in place of yours." in (
        capsys.readouterr().out
    )


@pytest.mark.parametrize("script", ["", "\n\n", "# a comment\n#\n"])
def test_a_script_with_nothing_to_do_starts_nothing(script: str):
    bot = ("/nowhere/to/be/found",)

    assert demo.play(io.StringIO(script), port=None, log=None, bot=bot) == 0


def test_a_bot_that_ends_by_itself_is_quoted():
    bot = replacing("raise SystemExit('no tokens, no talk')")

    with pytest.raises(demo.DidNotStay, match=r"code 1\. The end of its log:\n  no tokens, no talk"):
        demo.play(io.StringIO("ana> hello\n"), port=None, log=None, bot=bot)


def test_a_port_that_is_taken_is_told_with_its_address():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(demo.DidNotStay, match=rf"is taken: .* at http://127\.0\.0\.1:{port}/ already\."):
            demo.play(io.StringIO("ana> hello\n"), port=port, log=None, bot=())


def test_a_port_that_is_not_for_everybody_is_not_said_to_be_taken(monkeypatch: pytest.MonkeyPatch):
    def refused(**_: object) -> NoReturn:  # as the system does; but every port is root's
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr("bot.sandbox.Box", refused)

    with pytest.raises(demo.DidNotStay, match=r"^Port 1 is not to be had: Permission denied\. Give another"):
        demo.play(io.StringIO("ana> hello\n"), port=1, log=None, bot=())


def test_where_no_browser_can_be_opened_the_pages_address_is_told(
    notes: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    bot = replacing(READY.format(notes=str(notes)))

    demo.play(Terminal("quit\n"), port=None, log=None, bot=bot)

    said = capsys.readouterr().out
    assert re.search(
        r"No browser could be opened here\. The workspace is at http://127\.0\.0\.1:\d+/\n"
        r"Spy's dashboard is at http://127\.0\.0\.1:\d+/ \(to sign in, type /spy web\)\n",
        said,
    )


def test_a_play_from_a_file_says_nothing_of_a_page(notes: Path, capsys: pytest.CaptureFixture[str]):
    played("ana #general> hello\n", notes)

    assert "http://" not in capsys.readouterr().out
