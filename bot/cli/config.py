"""`spy config`: which configurations were used, and the way back to one."""

from typing import Annotated

import typer

from bot.cli.shared import TROUBLE, USUAL_CONFIG, Config, app, database_in_a_sentence, read_settings, stop

config_app = typer.Typer(
    name="config", help="Show which configurations Spy has used, and go back to one.", no_args_is_help=True
)
app.add_typer(config_app)


@config_app.command()
def history(config: Config = USUAL_CONFIG) -> None:
    """Show when which configuration was taken, by which process, and what changed."""
    read_settings(None)  # the environment alone: the file may have mistakes
    from bot.app.live import config_history

    try:
        with database_in_a_sentence():
            for line in config_history.in_words(config_history.versions(), config):
                typer.echo(line)
    except config_history.CannotGoBack as error:
        stop([str(error)], code=TROUBLE)


@config_app.command()
def back(
    version: Annotated[
        str | None,
        typer.Argument(
            metavar="[HASH]",
            help="The beginning of its hash, or 5m, 1h, 24h ago. Default: the last one that the file does not hold.",
        ),
    ] = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing.")] = False,
    config: Config = USUAL_CONFIG,
) -> None:
    """Write an earlier configuration to the file, after showing what changes.

    A running Spy takes it within seconds.
    """
    read_settings(None)  # the environment alone: the file may have mistakes
    from bot.adapters.network.clock import SystemClock
    from bot.app.live import config_history

    try:
        with database_in_a_sentence():
            taken = config_history.versions()
        way = config_history.way_back(taken, config, version, now=SystemClock().now())
        typer.echo("\n".join([*way.diff, *way.warnings]))
        if not yes and not typer.confirm(f"Write {way.version.short} to {config}?"):
            stop(["Nothing was written."], code=TROUBLE)
        typer.echo("\n".join(way.go()))
    except config_history.CannotGoBack as error:
        stop([str(error)], code=TROUBLE)
