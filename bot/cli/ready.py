"""`spy ready`: whether the Spy on this machine is ready."""

import typer

from bot.cli.shared import TROUBLE, USUAL_CONFIG, WELL, Config, app


@app.command()
def ready(config: Config = USUAL_CONFIG) -> None:
    """Ask the Spy that runs here whether it is ready.

    For health checks: exits with 1 if it is not. With WEB_TOKEN it says why.
    """
    from bot.app.ready import ready as ask

    is_ready, lines = ask(config)
    typer.echo("\n".join(lines))
    raise typer.Exit(WELL if is_ready else TROUBLE)
