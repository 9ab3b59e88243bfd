"""`spy run`: serve a workspace."""

import gc
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer

from bot.cli.shared import USUAL_CONFIG, Config, app, database_in_a_sentence, read_start, stop

if TYPE_CHECKING:
    from bot.app.live.start import Start


@app.command()
def run(config: Config = USUAL_CONFIG) -> None:
    """Run the bot until you stop it."""
    gc.disable()  # what a start makes stays. `bot.app.run` enables it again
    try:
        _serve(config)
    finally:
        gc.enable()


def _serve(config: Path) -> NoReturn:
    start = read_start(config)
    from bot.app.logs import take_in_the_rest

    take_in_the_rest()
    from bot.app.slack import open_client_and_ask

    slack = open_client_and_ask(start.settings)
    from bot.app.live.configuration import NotTaken  # after Slack is asked: it loads for half a second
    from bot.app.run import run as serve
    from bot.web import CannotListen

    try:
        with database_in_a_sentence():
            try:
                code = serve(start, slack)
            except (CannotListen, NotTaken) as error:
                start = _instead(config, start, error)
                code = serve(start, open_client_and_ask(start.settings))
    except CannotListen as error:
        stop([str(error)])
    raise typer.Exit(code)


def _instead(config: Path, start: "Start", error: Exception) -> "Start":
    """Return the last good version in place of a file that failed its trial, or whose ports can't be opened."""
    from bot.app.live.configuration import NotTaken
    from bot.app.live.start import elsewhere, last_good
    from bot.config import ConfigError

    try:
        other = (
            last_good(config, error.news)
            if isinstance(error, NotTaken)
            else elsewhere(config, start, f"{error}")
        )
    except ConfigError as mistakes:
        stop(mistakes.lines)
    if other is None:
        raise error
    return other
