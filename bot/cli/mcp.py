"""`spy mcp`: serve an agent over stdio."""

import os
from typing import Annotated

import typer

from bot.cli.shared import USUAL_CONFIG, Config, app, database_in_a_sentence, read_start_of_command, stop


@app.command()
def mcp(
    person: Annotated[
        str | None,
        typer.Option("--as", metavar="PERSON", help="In whose name: a name or a Slack user id."),
    ] = None,
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="What people read the agent is called.")
    ] = "",
    config: Config = USUAL_CONFIG,
) -> None:
    """Serve an agent over stdio by MCP; its changes wait for a person.

    Without --as, the token in SPY_TOKEN says in whose name.
    """
    secret = os.environ.get("SPY_TOKEN", "").strip()
    if not person and not secret:
        stop(["In whose name? Give --as PERSON, or a token in SPY_TOKEN."])
    start = read_start_of_command(config)
    from bot.app.mcp import serve_stdio

    with database_in_a_sentence():
        raise typer.Exit(serve_stdio(start.settings, person=person, secret=secret, name=name))
