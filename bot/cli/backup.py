"""`spy backup`: copy SQLite's database while Spy runs."""

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.shared import TROUBLE, app, database_in_a_sentence, read_settings, stop


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file.")],
) -> None:
    """Copy SQLite's database to a file while Spy runs.

    For PostgreSQL it prints the command to use.
    """
    settings = read_settings(None)  # only DATABASE_URL is asked for
    from bot.app import transfer

    with database_in_a_sentence():
        try:
            for line in transfer.back_up_to(settings, file):
                typer.echo(line)
        except transfer.FAILURES as error:
            stop([str(error)], code=TROUBLE)
