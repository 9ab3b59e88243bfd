"""`spy who-may`: who may run a command."""

from typing import Annotated

import typer

from bot.cli.shared import TROUBLE, USUAL_CONFIG, WELL, Config, app, read_settings


@app.command("who-may")
def who_may(
    words: Annotated[
        list[str], typer.Argument(metavar="COMMAND", help="The first words of a command, such as page.")
    ],
    config: Config = USUAL_CONFIG,
) -> None:
    """Show who may run a command."""
    settings = read_settings(config)
    from bot.app.permissions import who_may as look

    lines = look(settings, words)
    for line in lines or ["Spy has no command that begins so."]:
        typer.echo(line)
    raise typer.Exit(WELL if lines else TROUBLE)
