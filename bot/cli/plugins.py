"""`spy plugins`: which plugins there are, whether changed ones can be loaded, and a new one."""

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.shared import (
    TROUBLE,
    USUAL_CONFIG,
    WELL,
    Config,
    app,
    database_in_a_sentence,
    read_settings,
    stop,
)

plugins = typer.Typer(
    help="List the plugins, with their commands, files and states.", invoke_without_command=True
)
app.add_typer(plugins, name="plugins")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The plugin's name, such as coffee.")]


@plugins.callback()
def list_all(context: typer.Context, config: Config = USUAL_CONFIG) -> None:
    """List the plugins, with their commands, files and states.

    Exits with 1 if one is left out or in quarantine.
    """
    context.obj = config
    if context.invoked_subcommand:
        return
    settings = read_settings(config)
    from bot.app.plugins import listed

    with database_in_a_sentence():
        listing = listed(settings)
    typer.echo("\n".join(listing.lines))
    raise typer.Exit(WELL if listing.is_well else TROUBLE)


@plugins.command()
def reload(context: typer.Context, config: Config = USUAL_CONFIG) -> None:
    """Check changed plugin and template files, and let every running Spy load them now.

    Exits with 1 if they can't be used.
    """
    settings = read_settings(_chosen(context, config))
    from bot.app.plugins import ask_for_reload, check_files
    from bot.commands.plugins import NotLoaded

    try:
        line = check_files(settings)
    except NotLoaded as mistake:
        stop(mistake.lines, code=TROUBLE)
    with database_in_a_sentence():
        ask_for_reload(settings)
    typer.echo(line)


@plugins.command()
def new(context: typer.Context, name: Name, config: Config = USUAL_CONFIG) -> None:
    """Write a plugin with its template, sample facts and test into your own folder. Overwrites nothing."""
    settings = read_settings(_chosen(context, config))
    from bot.app.new_plugin import CannotWrite, write_new

    try:
        lines = write_new(settings, name)
    except CannotWrite as error:
        stop([str(error)], code=TROUBLE)
    typer.echo("\n".join(lines))


@plugins.command()
def enable(context: typer.Context, name: Name, config: Config = USUAL_CONFIG) -> None:
    """End the quarantine of a plugin."""
    settings = read_settings(_chosen(context, config))
    from bot.app.plugins import enable as end_quarantine
    from bot.domain.refusal import Refusal

    with database_in_a_sentence():
        try:
            line = end_quarantine(settings, name)
        except Refusal as refusal:
            stop([refusal.sentence], code=TROUBLE)
    typer.echo(line)


def _chosen(context: typer.Context, config: Path) -> Path:
    """Return the file that was named behind the subcommand, or before it."""
    before: Path = context.obj
    return before if config == USUAL_CONFIG else config
