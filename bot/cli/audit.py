"""`spy audit`: the log of who asked what."""

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


@app.command()
def audit(
    *,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Since when: 2h, 3d, or 2026-11-23 (UTC).")
    ] = None,
    person: Annotated[
        str | None, typer.Option(metavar="PERSON", help="Whose: a name or a Slack user id.")
    ] = None,
    incident: Annotated[
        str | None, typer.Option(metavar="NUMBER", help="About which incident: 7 or INC-7.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object for each row.")] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Check that nobody changed the log.")] = False,
    config: Config = USUAL_CONFIG,
) -> None:
    """Show who asked what and what Spy did, or check that log.

    Exits with 1 if a row was altered or taken out.
    """
    settings = read_settings(config)
    from bot.app import audit as log
    from bot.domain.refusal import Refusal

    wanted = log.Wanted(since=since, person=person, incident=incident, as_json=json)
    with database_in_a_sentence():
        if verify:
            found = log.verify(settings)
            typer.echo("\n".join(log.in_words(found)))
            raise typer.Exit(TROUBLE if found.fault else WELL)
        try:
            line = None
            for line in log.audit(settings, wanted):
                typer.echo(line)
            if line is None and not json:
                typer.echo("No rows.")
        except (log.NotUnderstood, Refusal) as error:
            stop([str(error)])
