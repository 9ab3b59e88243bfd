"""`spy init`: write config.yaml."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.shared import TROUBLE, USUAL_CONFIG, app, read_settings, stop


@app.command()
def init(
    *,
    output: Annotated[
        Path, typer.Option("--output", metavar="FILE", envvar="SPY_CONFIG", help="The file to write.")
    ] = USUAL_CONFIG,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing. Take what is most likely.")] = False,
) -> None:
    """Write config.yaml from what Slack and PagerDuty know.

    Reads SLACK_BOT_TOKEN, SLACK_APP_TOKEN, PAGERDUTY_API_TOKEN and GITHUB_TOKEN from the environment.
    Asks you only where several things fit equally well.
    """
    settings = read_settings(None)
    from bot.app.init import CannotInit
    from bot.app.init import init as write

    can_ask = not yes and sys.stdin.isatty() and sys.stdout.isatty()
    try:
        lines = write(settings, output, force=force, choose=_choose if can_ask else None)
    except CannotInit as error:
        stop(error.lines, code=TROUBLE)
    typer.echo("\n".join(lines))


def _choose(question: str, options: Sequence[str]) -> int | None:
    """Ask which option, by number. Return its position; None for none of them."""
    typer.echo(question)
    for number, option in enumerate(options, start=1):
        typer.echo(f"  {number}  {option}")
    typer.echo("  0  none of these")
    while not 0 <= (answer := int(typer.prompt("Number", type=int, default=1))) <= len(options):
        typer.echo(f"Type a number from 0 to {len(options)}.")
    return answer - 1 if answer else None
