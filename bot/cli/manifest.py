"""`spy manifest`: the manifest of the Slack app."""

import typer

from bot.cli.shared import USUAL_CONFIG, Config, app, read_settings


@app.command()
def manifest(config: Config = USUAL_CONFIG) -> None:
    """Print the manifest of the Slack app.

    Works before anything is configured. Paste it on api.slack.com/apps.
    """
    is_there = config.exists() or config != USUAL_CONFIG
    settings = read_settings(config if is_there else None)
    from bot.app.manifest import manifest as made

    typer.echo(made(settings))
