"""`spy run`: serve a workspace."""

import gc
import logging
from pathlib import Path
from typing import NoReturn

import typer

from bot.cli.shared import USUAL_CONFIG, Config, app, database_in_a_sentence, read_settings, stop


@app.command()
def run(config: Config = USUAL_CONFIG) -> None:
    """Run the bot until you stop it."""
    gc.disable()  # what a start makes stays. `bot.app.run` enables it again
    try:
        _serve(config)
    finally:
        gc.enable()


def _serve(config: Path) -> NoReturn:
    settings = read_settings(config, level=logging.INFO)
    from bot.app.logs import take_in_the_rest

    take_in_the_rest()
    if missing := settings.missing():
        stop(missing)
    from bot.app.slack import open_client_and_ask

    slack = open_client_and_ask(settings)
    from bot.app.run import run as serve  # after Slack is asked: it loads for half a second
    from bot.web import CannotListen

    try:
        with database_in_a_sentence():
            code = serve(settings, slack)
    except CannotListen as error:
        stop([str(error)])
    raise typer.Exit(code)
