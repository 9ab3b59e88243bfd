"""`spy token`: make, list and revoke the tokens of programs, at the machine."""

from typing import Annotated

import typer

from bot.cli.shared import USUAL_CONFIG, Config, app

token = typer.Typer(help="Make, list and revoke the tokens by which programs ask Spy.", no_args_is_help=True)
app.add_typer(token, name="token")

Name = Annotated[
    str, typer.Argument(metavar="NAME", help='What the program is called, such as "deploy tool".')
]
Person = Annotated[
    str, typer.Option("--as", metavar="PERSON", help="In whose name: a name or a Slack user id.")
]


@token.command()
def new(
    name: Name,
    person: Person,
    scope: Annotated[str, typer.Option("--scope", help="What it may do: read, say or agent.")] = "read",
    until: Annotated[str, typer.Option("--until", help="When it ends, such as 2026-12-31 or 90d.")] = "",
    config: Config = USUAL_CONFIG,
) -> None:
    """Make a token. Its secret is printed once."""
    _say(person, f"token new {_quoted(name)} {scope}{f' until {until}' if until else ''}", config)


@token.command("list")
def list_all(person: Person, config: Config = USUAL_CONFIG) -> None:
    """List a person's tokens; of an admin, everybody's."""
    _say(person, "token list", config)


@token.command()
def revoke(name: Name, person: Person, config: Config = USUAL_CONFIG) -> None:
    """Revoke a token."""
    _say(person, f"token revoke {_quoted(name)}", config)


def _quoted(name: str) -> str:
    from bot.domain.text import quoted

    return quoted(name)


def _say(person: str, words: str, config: Config) -> None:
    """Run the command that people type in Slack."""
    from bot.cli.say import say

    say([words], person=person, config=config)
