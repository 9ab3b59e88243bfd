"""`spy migrate`: update the database."""

from bot.cli.shared import USUAL_CONFIG, Config, app, database_in_a_sentence, read_settings


@app.command()
def migrate(config: Config = USUAL_CONFIG) -> None:
    """Update the database to this version of Spy."""
    settings = read_settings(config)
    from bot.app.check import migrate as upgrade

    with database_in_a_sentence():
        upgrade(settings)
