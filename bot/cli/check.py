"""`spy check`: what is configured, and what it can reach."""

from itertools import chain

import typer

from bot.cli.shared import TROUBLE, USUAL_CONFIG, WELL, Config, app, read_settings, show


@app.command()
def check(config: Config = USUAL_CONFIG) -> None:
    """Check the configuration, the tokens and what they can reach.

    Prints one line for each check, and how to fix what fails. Exits with 1 if something fails.
    """
    settings = read_settings(config)
    from bot.app.check import check as look

    is_well = True
    for result in chain(settings.results(), look(settings)):
        is_well = is_well and result.well
        show(result)
    raise typer.Exit(WELL if is_well else TROUBLE)
