"""`spy postmortem`: print a postmortem."""

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.shared import TROUBLE, USUAL_CONFIG, Config, app, database_in_a_sentence, read_settings, stop


@app.command()
def postmortem(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="The incident's number.")],
    picture: Annotated[
        Path | None,
        typer.Option("--picture", metavar="FILE", help="Also draw its timeline in this SVG file."),
    ] = None,
    config: Config = USUAL_CONFIG,
) -> None:
    """Print an incident's postmortem as Markdown.

    For example: spy postmortem 42 > file.md
    """
    settings = read_settings(config)
    from bot.app.postmortem import postmortem as written

    with database_in_a_sentence():
        document = written(settings, number)
    if document is None:
        stop([f"There is no INC-{number} in the database."], code=TROUBLE)
    if picture:
        picture.touch(mode=0o600)  # it may be of a private incident
        picture.write_text(document.picture, encoding="utf-8")
    typer.echo(document.text, nl=False)
