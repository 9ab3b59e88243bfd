"""`spy forget`: remove a person."""

from typing import Annotated

import typer

from bot.cli.shared import TROUBLE, USUAL_CONFIG, Config, app, database_in_a_sentence, read_settings, stop


@app.command()
def forget(
    person: Annotated[str, typer.Argument(metavar="PERSON", help="Whom: a Slack user id, such as U0ANA.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing.")] = False,
    config: Config = USUAL_CONFIG,
) -> None:
    """Remove a person: names become somebody, facts stay."""
    settings = read_settings(config)
    from bot.app import forget as forgetting
    from bot.domain.markup import PERSON_ID
    from bot.domain.refusal import Refusal

    if not PERSON_ID.fullmatch(person):
        stop([f"{person!r} is no Slack user id, such as U0ANA. In Slack: the profile, ⋮, Copy member ID."])
    with database_in_a_sentence(), forgetting.forgetter(settings, person) as forgetter:
        try:
            forgetter.require_free()
        except Refusal as refusal:
            stop([refusal.sentence], code=TROUBLE)
        for line in forgetting.about_to(forgetter.identity):
            typer.echo(line)
        if not yes and not typer.confirm("This can't be undone. Go on?"):
            stop(["Nothing was done."], code=TROUBLE)
        typer.echo("\n".join(forgetting.in_words(forgetter.run())))
