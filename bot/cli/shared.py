"""What the commands share: the app, the settings, and how a command stops with a sentence."""

import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from bot.app.live.start import Start
    from bot.config import Settings
    from bot.ports import CheckResult

WELL, TROUBLE, UNUSABLE = 0, 1, 2
"""Exit codes: done; something needs fixing; not started at all."""

USUAL_CONFIG = Path("config.yaml")

app = typer.Typer(
    name="spy",
    help="Spy runs incidents in Slack and looks after the people who run them.",
    epilog="New here? Begin with `spy demo`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Config = Annotated[
    Path, typer.Option("--config", metavar="FILE", envvar="SPY_CONFIG", help="The configuration file.")
]


@app.callback(invoke_without_command=True)
def spy(*, version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        from importlib import metadata

        typer.echo(f"spy {metadata.version('spy')}")
        raise typer.Exit


def show(result: "CheckResult") -> None:
    cure = f" → {result.cure}" if result.cure and not result.well else ""
    typer.echo(f"{'ok ' if result.well else 'FIX'}  {result.what}{cure}")
    for note in result.notes:
        typer.echo(f"     {note}")


def read_settings(config: Path | None, *, level: int = logging.WARNING) -> "Settings":
    """Read the configuration and set up the log. Stop if there is a mistake."""
    with _not_installed("rich"):  # structlog would load it to draw tracebacks, and Spy draws its own
        from bot.app import logs
    from bot.app.settings import load
    from bot.config import ConfigError

    try:
        found = load(config)
    except ConfigError as error:
        stop(error.lines)
    logs.configure(secrets=found.env.secrets(), level=found.env.log_level or level)
    return found


def read_start(config: Path) -> "Start":
    """Choose the file, or the last good version of it, to serve with, and set up the log. Stop without either."""

    def chosen() -> "Start":
        from bot.app.live.start import choose

        return choose(config)

    return _started(chosen, level=logging.INFO)


def read_start_of_command(config: Path) -> "Start":
    """Choose the file, or the last good version of it, for a command that needs no tokens. Stop without either."""

    def chosen() -> "Start":
        from bot.app.live.start import choose, nothing

        return choose(config, lacks=nothing)

    return _started(chosen, level=logging.WARNING)


def _started(choose: Callable[[], "Start"], *, level: int) -> "Start":
    with _not_installed("rich"):  # as above
        from bot.app import logs
    from bot.config import ConfigError

    try:
        start = choose()
    except ConfigError as error:
        stop(error.lines)
    env = start.settings.env
    logs.configure(secrets=env.secrets(), level=env.log_level or level)
    return start


@contextmanager
def _not_installed(library: str) -> Iterator[None]:
    """Let an import of this library fail, unless it is loaded already."""
    is_loaded = library in sys.modules
    if not is_loaded:
        sys.modules[library] = None  # type: ignore[assignment]  # Python's own way to say so
    try:
        yield
    finally:
        if not is_loaded:
            del sys.modules[library]


@contextmanager
def database_in_a_sentence(*, else_do: str = "") -> Iterator[None]:
    """Stop with one sentence if the database can't be used, and with what to do instead."""
    from bot.adapters.database import CannotOpen
    from bot.ports import Unavailable

    try:
        yield
    except CannotOpen as error:
        stop(filter(None, [str(error), else_do]))
    except Unavailable as error:
        stop(filter(None, [f"The database does not answer: {error}.", else_do]))


def stop(lines: Iterable[str], *, code: int = UNUSABLE) -> NoReturn:
    for line in lines:
        typer.echo(line, err=True)
    raise typer.Exit(code)
