"""`spy say`: run a command from a terminal."""

from typing import Annotated

import typer

from bot.cli.shared import USUAL_CONFIG, Config, app, database_in_a_sentence, read_start_of_command


@app.command()
def say(
    words: Annotated[list[str], typer.Argument(help="The command as in chat, such as 'incident tldr 42'.")],
    person: Annotated[
        str, typer.Option("--as", metavar="PERSON", help="Who runs it: a name or a Slack user id.")
    ],
    channel: Annotated[
        str | None,
        typer.Option("--in", metavar="CHANNEL", help="Where: a channel name or a Slack channel id."),
    ] = None,
    config: Config = USUAL_CONFIG,
) -> None:
    """Run any command from a terminal when chat is down."""
    start = read_start_of_command(config)
    if start.refused:
        typer.echo(f"{config} has mistakes. Spy goes by the last good version of it.", err=True)
    from bot.app.say import not_done
    from bot.app.say import say as speak

    with database_in_a_sentence(else_do=not_done(start.settings)):
        code = speak(start.settings, person, channel, " ".join(words))
    raise typer.Exit(code)
