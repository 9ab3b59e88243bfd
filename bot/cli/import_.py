"""`spy import`: fill an empty database from an export."""

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.shared import TROUBLE, app, database_in_a_sentence, read_settings, stop


@app.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="What spy export wrote. - reads standard input.")
    ],
) -> None:
    """Fill an empty database with an export: all of it or nothing.

    The database is that of DATABASE_URL, SQLite or PostgreSQL.
    """
    settings = read_settings(None)  # only DATABASE_URL is asked for
    from bot.app import transfer

    with database_in_a_sentence():
        try:
            for line in transfer.import_from(settings, file, typer.get_binary_stream("stdin")):
                typer.echo(line)
        except transfer.FAILURES as error:
            stop([str(error)], code=TROUBLE)
