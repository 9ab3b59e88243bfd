"""`spy demo`: try Spy in a sandbox workspace."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.shared import TROUBLE, app, show, stop


@app.command()
def demo(
    *,
    port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, help="The port of the sandbox. Default: 8765, or a free port if that is taken."
        ),
    ] = None,
    log: Annotated[bool, typer.Option("--log", help="Print the bot's log too.")] = False,
    stay: Annotated[
        bool, typer.Option("--stay", help="Keep the page open after the last line, until Ctrl-C.")
    ] = False,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            metavar="FILE",
            help="Your own configuration: try its plans, runbooks, plugins and templates. No token is used.",
        ),
    ] = None,
) -> None:
    """Try Spy in a sandbox workspace; no token is needed.

    Type here or in the browser. You can also pipe lines in.
    """
    from bot.app.demo import DidNotStay, play

    if config:
        _check_for_demo(config)
    try:
        code = play(sys.stdin, port=port, log=sys.stderr if log else None, stay=stay, config=config)
    except DidNotStay as error:
        stop([str(error)], code=TROUBLE)
    raise typer.Exit(code)


def _check_for_demo(config: Path) -> None:
    """Stop if the file has a mistake. Name what the demo leaves out of it."""
    from bot.app.check import check_own
    from bot.app.settings import load
    from bot.config import ConfigError

    try:
        settings = load(config, {})
    except ConfigError as error:
        stop(error.lines)
    for result in check_own(settings):
        if not result.well:
            show(result)
