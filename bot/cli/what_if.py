"""`spy what-if`: what Spy would have said and whom it would have woken under another configuration."""

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.shared import USUAL_CONFIG, Config, app, database_in_a_sentence, read_settings, stop


@app.command()
def what_if(
    new: Annotated[Path, typer.Argument(metavar="FILE", help="The other configuration.")],
    *,
    last: Annotated[str, typer.Option(metavar="SPAN", help="How far to look back: 30d, 12h.")] = "30d",
    incident: Annotated[
        str | None, typer.Option(metavar="NUMBER", help="Only one incident, in full: 7 or INC-7.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    config: Config = USUAL_CONFIG,
) -> None:
    """Replay past incidents under other settings, and compare.

    Says which reminders would have come, which not, and whom it would have woken. It only reads.
    Times are in the zone of this machine. For example: spy what-if new.yaml --last 30d
    """
    settings = read_settings(config)
    from bot.app import what_if as replaying
    from bot.app.audit import NotUnderstood
    from bot.config import ConfigError
    from bot.domain.refusal import Refusal

    wanted = replaying.Options(last=last, incident=incident, as_json=json)
    with database_in_a_sentence():
        try:
            for line in replaying.what_if(settings, new, wanted):
                typer.echo(line)
        except ConfigError as error:
            stop(error.lines)
        except (NotUnderstood, Refusal) as error:
            stop([str(error)])
