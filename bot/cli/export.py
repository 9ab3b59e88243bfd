"""`spy export`: write the whole database as JSON lines."""

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.shared import TROUBLE, app, database_in_a_sentence, read_settings, stop


@app.command()
def export(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="A new file. Default: standard output.", show_default=False),
    ] = None,
) -> None:
    """Write the whole database as JSON lines, private incidents too.

    Spy may run meanwhile. For example: spy export spy.jsonl
    """
    settings = read_settings(None)  # only DATABASE_URL is asked for
    from bot.app import transfer

    out = typer.get_binary_stream("stdout")
    with database_in_a_sentence():
        try:
            for line in transfer.export_to(settings, file, out):
                typer.echo(line, err=True)  # the rows may go to standard output
        except transfer.FAILURES as error:
            stop([str(error)], code=TROUBLE)
