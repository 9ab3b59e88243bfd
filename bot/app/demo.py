"""Runs the real bot as a process in the sandbox, with a terminal chat and a page."""

import errno
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import webbrowser
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from itertools import chain
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn, Self, TextIO

import yaml

if TYPE_CHECKING:
    from rich.console import Console

    from bot.sandbox import Box
    from bot.sandbox.page import SandboxPage

USUAL_PORT = 8765
NOTHING_TO_DO = (
    "There was nothing to do: no line of the input says anything. Without a terminal, "
    "`spy demo --stay` keeps the workspace and its page, and `make demo < a script` plays one."
)
PATIENCE = 60.0
"""Seconds until the bot must be ready."""

OURS = ("SLACK_", "CHANGES_", "SPY_", "DATABASE_URL", "HEARTBEAT_URL")
"""Variables that the bot must not inherit, so that the demo never calls a real workspace."""

OTHERS = re.compile(r"_proxy$|token|secret|password|passwd|credential|api_?key|access_?key", re.IGNORECASE)
"""Variables that a plugin could use to call out of the box."""

REPLACED = (
    "The sandbox has its own people, channels, tokens and addresses in place of yours. Requests, workflows and "
    "programs of your failover plans are shown and not done; programs of a plan with `drill: true` run."
)

SCREENS = ("DISPLAY", "WAYLAND_DISPLAY")
BOT = (sys.executable, "-m", "bot")


class DidNotStay(Exception):  # noqa: N818  named for what happened
    """The bot or its box did not start, or ended by itself; the message says why."""


def play(
    stdin: TextIO,
    *,
    port: int | None,
    log: TextIO | None,
    stay: bool = False,
    bot: Sequence[str] = BOT,
    config: Path | None = None,
) -> int:
    """Start the box and the bot, run the lines, stop both. Return the exit code; 0 if there is nothing to do.

    `config` is a team's own valid configuration; the box replaces what can't be tried in it.
    `log` is a real file for the bot's log; None keeps it in a temporary file.
    At a terminal the box has its page too; `stay` keeps both after the last line.
    """
    if isinstance(stdin, io.TextIOWrapper):
        stdin.reconfigure(errors="surrogateescape")  # the chat answers a line that is not UTF-8
    interactive = stdin.isatty()
    lines = stdin if interactive or stay else _with_something_to_do(stdin)
    if lines is None:
        sys.stderr.write(f"{NOTHING_TO_DO}\n")
        return 0

    from rich.console import Console  # noqa: PLC0415  nothing to do must cost nothing

    from bot.sandbox.console.chat import converse  # noqa: PLC0415

    out = Console()
    with (
        _tidy_end(),
        _box(port) as box,
        _page(box, out, wanted=interactive or stay, opened=interactive) as page,
        tempfile.TemporaryDirectory(prefix="spy-demo-") as folder,
        _Bot(bot, box, Path(folder), log, config) as child,
    ):
        install = page.learn if page else box.slack.install
        install(child.manifest())
        if page:
            out.print(
                f"Spy's dashboard is at {child.url}/ (to sign in, type /spy web)",
                soft_wrap=True,
                highlight=False,
            )
        if config:
            out.print(REPLACED, soft_wrap=True, highlight=False)
        code = converse(box, lines, out, interactive=interactive)
        if stay:
            out.print("Ctrl-C ends it.")
            child.wait()
        child.raise_if_ended()
    return code


@contextmanager
def _page(box: "Box", out: "Console", *, wanted: bool, opened: bool) -> Iterator["SandboxPage | None"]:
    """Serve the box's page, if it is wanted. Print its address, and open it in a browser if there is one.

    Until it learns the bot's manifest, it says that Spy is starting.
    """
    if not wanted:
        yield None
        return
    from bot.sandbox.page import SandboxPage  # noqa: PLC0415  a play from a file needs no page

    page = SandboxPage(box, is_ready=False)
    is_open = opened and _open(f"{box.url}/")
    why = "" if is_open or not opened else "No browser could be opened here. "
    out.print(f"{why}The workspace is at {box.url}/", soft_wrap=True, highlight=False)
    try:
        yield page
    finally:
        page.close()


def _open(address: str) -> bool:
    """Open a browser with its own window, not one in the terminal. Return whether it opened."""
    has_screen = not sys.platform.startswith("linux") or any(map(os.environ.get, SCREENS))
    try:
        browser = webbrowser.get() if has_screen else None
    except webbrowser.Error:
        return False
    return browser is not None and type(browser) is not webbrowser.GenericBrowser and browser.open(address)


def _with_something_to_do(lines: Iterable[str]) -> Iterable[str] | None:
    """Return all lines if one of them does something, None otherwise. Read only up to that line."""
    idle: list[str] = []
    rest = iter(lines)
    for line in rest:
        if line.strip() and not line.startswith(("# ", "#\n")):
            return chain(idle, [line], rest)
        idle.append(line)
    return None


@contextmanager
def _box(port: int | None) -> Iterator["Box"]:
    try:
        from bot.sandbox import Box  # noqa: PLC0415  nothing to do must cost nothing
    except ModuleNotFoundError as missing:
        raise DidNotStay(f"The demo needs {missing.name}: pip install 'spy[demo]'.") from None

    def at(port: int) -> Box:
        return Box(delivery="socket", port=port, sites=True, mail=True)

    try:
        box = at(USUAL_PORT if port is None else port)
    except OSError as error:
        if port is not None:
            is_taken = error.errno == errno.EADDRINUSE
            why = f"is taken: something answers at http://127.0.0.1:{port}/ already"
            raise DidNotStay(
                f"Port {port} {why if is_taken else f'is not to be had: {error.strerror}'}. "
                "Give another with --port, or none."
            ) from None
        box = at(0)
    except ValueError as error:
        raise DidNotStay(str(error)) from None
    with box:
        box.pagerduty.webhooks = True
        yield box


class _Bot:
    """The bot as a child process, ready for use until the `with` ends."""

    def __init__(
        self, command: Sequence[str], box: "Box", folder: Path, log: TextIO | None, own: Path | None
    ) -> None:
        self._port = _free_port()
        self._log = folder / "bot.log"
        self._config = folder / "config.yaml"
        self._config.write_text(_config(box, self._port, own), encoding="utf-8")
        self._command = tuple(command)
        self._env = _environment(os.environ, box, folder)
        self._shown = log
        self.url = box.bot_url = _address(self._port)

    def __enter__(self) -> Self:
        with self._log.open("wb") as kept:
            self._child = subprocess.Popen(
                (*self._command, "run", "--config", str(self._config)),
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=self._shown or kept,
                stderr=self._shown or kept,
                process_group=0,  # so that Ctrl-C ends the chat, and the chat ends the bot
            )
        try:
            self._wait_until_ready()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def wait(self) -> None:
        """Return when the process has ended."""
        self._child.wait()

    def manifest(self) -> dict[str, Any]:
        """Return the bot's Slack manifest, empty if there is none."""
        try:
            found: dict[str, Any] = json.loads(_get(self._port, "/manifest") or "")
        except ValueError:
            return {}
        return found

    def raise_if_ended(self) -> None:
        """Raise DidNotStay if the bot has ended."""
        if (code := self._child.poll()) is not None:
            raise DidNotStay(f"The bot ended by itself, with code {code}.{self._last_words()}")

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + PATIENCE
        while _get(self._port, "/readyz") is None:
            self.raise_if_ended()
            if time.monotonic() > until:
                raise DidNotStay(f"The bot was not ready within {PATIENCE:g} s.{self._last_words()}")
            time.sleep(0.02)

    def _end(self) -> None:
        self._child.terminate()
        try:
            self._child.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()

    def _last_words(self) -> str:
        """Quote the end of the log, unless it was shown already."""
        end = self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:]
        return " The end of its log:\n  " + "\n  ".join(end) if end else ""


def _config(box: "Box", port: int, own: Path | None) -> str:
    """Return the box's configuration, merged with one's own, with the bot's web server on this port."""
    from bot.app.settings import find_vendors  # noqa: PLC0415  nothing to do must cost nothing
    from bot.config.rehearsed import rehearsed  # noqa: PLC0415

    boxed = yaml.safe_load(box.company_yaml()) | {"web": {"port": port, "public_url": _address(port)}}
    return yaml.safe_dump(
        rehearsed(own, boxed, find_vendors()) if own else boxed, allow_unicode=True, sort_keys=False
    )


def _environment(around: Mapping[str, str], box: "Box", folder: Path) -> dict[str, str]:
    """Return the bot's environment: the box's variables, without our own secrets and proxies."""
    from bot.app.settings import find_vendors  # noqa: PLC0415  nothing to do must cost nothing

    ours = (*OURS, *(f"{it.key.upper()}_" for it in find_vendors().all))
    kept = {
        name: value for name, value in around.items() if not name.startswith(ours) and not OTHERS.search(name)
    }
    return {**kept, **box.environment(), **box.rehearsal(), "DATABASE_URL": f"sqlite:///{folder / 'spy.db'}"}


def _get(port: int, path: str) -> str | None:
    """Return the body of an answer with 200, None otherwise."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.read().decode() if answer.status == HTTPStatus.OK else None
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()


def _address(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _tidy_end() -> Iterator[None]:
    """Run every `finally` on SIGTERM and SIGHUP, so that no bot keeps running."""

    def leave(number: int, _frame: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    except KeyboardInterrupt:
        raise SystemExit(128 + signal.SIGINT) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
