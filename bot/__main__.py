"""The command line: init, run, demo, check, manifest, migrate, who-may, say, postmortem, audit, forget.

Each command imports what it needs inside its function, so that `spy --help` answers at once.
"""

import gc
import logging
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from bot.config import Settings
    from bot.ports import CheckResult

WELL, TROUBLE, UNUSABLE = 0, 1, 2
"""Exit codes: done; something needs fixing; not started at all."""

USUAL_CONFIG = Path("config.yaml")

app = typer.Typer(
    name="spy",
    help="Spy runs incidents in Slack and looks after the people who run them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Config = Annotated[
    Path, typer.Option("--config", metavar="FILE", envvar="SPY_CONFIG", help="The configuration file.")
]


def main() -> None:
    app()


@app.callback(invoke_without_command=True)
def spy(*, version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        from importlib import metadata  # noqa: PLC0415  see the top of the file

        typer.echo(f"spy {metadata.version('spy')}")
        raise typer.Exit


@app.command()
def run(config: Config = USUAL_CONFIG) -> None:
    """Run the bot until you stop it."""
    gc.disable()  # what a start makes stays. `bot.app.run` enables it again
    try:
        _serve(config)
    finally:
        gc.enable()


def _serve(config: Path) -> NoReturn:
    settings = _settings(config, level=logging.INFO)
    from bot.app.logs import take_in_the_rest  # noqa: PLC0415  see the top of the file

    take_in_the_rest()
    if missing := settings.missing():
        _stop(missing)
    from bot.app.slack import open_client_and_ask  # noqa: PLC0415  see the top of the file

    slack = open_client_and_ask(settings)
    from bot.app.run import run as serve  # noqa: PLC0415  after Slack is asked: it loads for half a second
    from bot.web import CannotListen  # noqa: PLC0415

    try:
        with _database_in_a_sentence():
            code = serve(settings, slack)
    except CannotListen as error:
        _stop([str(error)])
    raise typer.Exit(code)


@app.command()
def demo(
    *,
    port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, help="The port of the sandbox. Default: 8765, or a free port if that is taken."
        ),
    ] = None,
    log: Annotated[bool, typer.Option("--log", help="Print the bot's log too.")] = False,
    stay: Annotated[
        bool, typer.Option("--stay", help="Keep the page open after the last line, until Ctrl-C.")
    ] = False,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            metavar="FILE",
            help="Your own configuration: try its plans, runbooks, plugins and templates. No token is used.",
        ),
    ] = None,
) -> None:
    """Try Spy in a sandbox workspace; no token is needed.

    Type here or in the browser. You can also pipe lines in.
    """
    from bot.app.demo import DidNotStay, play  # noqa: PLC0415  see the top of the file

    if config:
        _check_for_demo(config)
    try:
        code = play(sys.stdin, port=port, log=sys.stderr if log else None, stay=stay, config=config)
    except DidNotStay as error:
        _stop([str(error)], code=TROUBLE)
    raise typer.Exit(code)


def _check_for_demo(config: Path) -> None:
    """Stop if the file has a mistake. Name what the demo leaves out of it."""
    from bot.app.check import check_own  # noqa: PLC0415  see the top of the file
    from bot.app.settings import load  # noqa: PLC0415
    from bot.config import ConfigError  # noqa: PLC0415

    try:
        settings = load(config, {})
    except ConfigError as error:
        _stop(error.lines)
    for result in check_own(settings):
        if not result.well:
            _show(result)


@app.command()
def check(config: Config = USUAL_CONFIG) -> None:
    """Check the configuration, the tokens and what they can reach.

    Prints one line for each check, and how to fix what fails. Exits with 1 if something fails.
    """
    settings = _settings(config)
    from bot.app.check import check as look  # noqa: PLC0415  see the top of the file

    is_well = True
    for result in chain(settings.results(), look(settings)):
        is_well = is_well and result.well
        _show(result)
    raise typer.Exit(WELL if is_well else TROUBLE)


def _show(result: "CheckResult") -> None:
    cure = f" → {result.cure}" if result.cure and not result.well else ""
    typer.echo(f"{'ok ' if result.well else 'FIX'}  {result.what}{cure}")
    for note in result.notes:
        typer.echo(f"     {note}")


@app.command("who-may")
def who_may(
    words: Annotated[
        list[str], typer.Argument(metavar="COMMAND", help="The first words of a command, such as page.")
    ],
    config: Config = USUAL_CONFIG,
) -> None:
    """Show who may run a command."""
    settings = _settings(config)
    from bot.app.permissions import who_may as look  # noqa: PLC0415  see the top of the file

    lines = look(settings, words)
    for line in lines or ["Spy has no command that begins so."]:
        typer.echo(line)
    raise typer.Exit(WELL if lines else TROUBLE)


@app.command()
def init(
    *,
    output: Annotated[
        Path, typer.Option("--output", metavar="FILE", envvar="SPY_CONFIG", help="The file to write.")
    ] = USUAL_CONFIG,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing. Take what is most likely.")] = False,
) -> None:
    """Write config.yaml from what Slack and PagerDuty know.

    Reads SLACK_BOT_TOKEN, SLACK_APP_TOKEN, PAGERDUTY_API_TOKEN and GITHUB_TOKEN from the environment.
    Asks you only where several things fit equally well.
    """
    settings = _settings(None)
    from bot.app.init import CannotInit  # noqa: PLC0415  see the top of the file
    from bot.app.init import init as write  # noqa: PLC0415

    can_ask = not yes and sys.stdin.isatty() and sys.stdout.isatty()
    try:
        lines = write(settings, output, force=force, choose=_choose if can_ask else None)
    except CannotInit as error:
        _stop(error.lines, code=TROUBLE)
    typer.echo("\n".join(lines))


def _choose(question: str, options: Sequence[str]) -> int | None:
    """Ask which option, by number. Return its position; None for none of them."""
    typer.echo(question)
    for number, option in enumerate(options, start=1):
        typer.echo(f"  {number}  {option}")
    typer.echo("  0  none of these")
    while not 0 <= (answer := int(typer.prompt("Number", type=int, default=1))) <= len(options):
        typer.echo(f"Type a number from 0 to {len(options)}.")
    return answer - 1 if answer else None


@app.command()
def manifest(config: Config = USUAL_CONFIG) -> None:
    """Print the manifest of the Slack app.

    Works before anything is configured. Paste it on api.slack.com/apps.
    """
    is_there = config.exists() or config != USUAL_CONFIG
    settings = _settings(config if is_there else None)
    from bot.app.manifest import manifest as made  # noqa: PLC0415  see the top of the file

    typer.echo(made(settings))


@app.command()
def migrate(config: Config = USUAL_CONFIG) -> None:
    """Update the database to this version of Spy."""
    settings = _settings(config)
    from bot.app.check import migrate as upgrade  # noqa: PLC0415  see the top of the file

    with _database_in_a_sentence():
        upgrade(settings)


@app.command()
def say(
    words: Annotated[list[str], typer.Argument(help="The command as in chat, such as 'incident tldr 42'.")],
    person: Annotated[
        str, typer.Option("--as", metavar="PERSON", help="Who runs it: a name or a Slack user id.")
    ],
    channel: Annotated[
        str | None,
        typer.Option("--in", metavar="CHANNEL", help="Where: a channel name or a Slack channel id."),
    ] = None,
    config: Config = USUAL_CONFIG,
) -> None:
    """Run any command from a terminal when chat is down."""
    settings = _settings(config)
    from bot.app.say import say as speak  # noqa: PLC0415  see the top of the file

    with _database_in_a_sentence():
        code = speak(settings, person, channel, " ".join(words))
    raise typer.Exit(code)


@app.command()
def postmortem(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="The incident's number.")],
    picture: Annotated[
        Path | None,
        typer.Option("--picture", metavar="FILE", help="Also draw its timeline in this SVG file."),
    ] = None,
    config: Config = USUAL_CONFIG,
) -> None:
    """Print an incident's postmortem as Markdown.

    For example: spy postmortem 42 > file.md
    """
    settings = _settings(config)
    from bot.app.postmortem import postmortem as written  # noqa: PLC0415  see the top of the file

    with _database_in_a_sentence():
        document = written(settings, number)
    if document is None:
        _stop([f"There is no INC-{number} in the database."], code=TROUBLE)
    if picture:
        picture.touch(mode=0o600)  # it may be of a private incident
        picture.write_text(document.picture, encoding="utf-8")
    typer.echo(document.text, nl=False)


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
    settings = _settings(config)
    from bot.app import audit as log  # noqa: PLC0415  see the top of the file
    from bot.domain.refusal import Refusal  # noqa: PLC0415

    wanted = log.Wanted(since=since, person=person, incident=incident, as_json=json)
    with _database_in_a_sentence():
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
            _stop([str(error)])


@app.command()
def forget(
    person: Annotated[str, typer.Argument(metavar="PERSON", help="Whom: a Slack user id, such as U0ANA.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing.")] = False,
    config: Config = USUAL_CONFIG,
) -> None:
    """Remove a person: names become somebody, facts stay."""
    settings = _settings(config)
    from bot.app import forget as forgetting  # noqa: PLC0415  see the top of the file
    from bot.app.say import PERSON_ID  # noqa: PLC0415
    from bot.domain.refusal import Refusal  # noqa: PLC0415

    if not PERSON_ID.fullmatch(person):
        _stop([f"{person!r} is no Slack user id, such as U0ANA. In Slack: the profile, ⋮, Copy member ID."])
    with _database_in_a_sentence(), forgetting.forgetter(settings, person) as forgetter:
        try:
            forgetter.require_free()
        except Refusal as refusal:
            _stop([refusal.sentence], code=TROUBLE)
        for line in forgetting.about_to(forgetter.identity):
            typer.echo(line)
        if not yes and not typer.confirm("This can't be undone. Go on?"):
            _stop(["Nothing was done."], code=TROUBLE)
        typer.echo("\n".join(forgetting.in_words(forgetter.run())))


def _settings(config: Path | None, *, level: int = logging.WARNING) -> "Settings":
    """Read the configuration and set up the log. Stop if there is a mistake."""
    with _not_installed("rich"):  # structlog would load it to draw tracebacks, and Spy draws its own
        from bot.app import logs  # noqa: PLC0415  see the top of the file
    from bot.app.settings import load  # noqa: PLC0415
    from bot.config import ConfigError  # noqa: PLC0415

    try:
        settings = load(config)
    except ConfigError as error:
        _stop(error.lines)
    logs.configure(secrets=settings.env.secrets(), level=level)
    return settings


@contextmanager
def _not_installed(library: str) -> Iterator[None]:
    """Let an import of this library fail, unless it is loaded already."""
    is_loaded = library in sys.modules
    if not is_loaded:
        sys.modules[library] = None  # type: ignore[assignment]  # Python's own way to say so
    try:
        yield
    finally:
        if not is_loaded:
            del sys.modules[library]


@contextmanager
def _database_in_a_sentence() -> Iterator[None]:
    """Stop with one sentence if the database can't be used."""
    from bot.adapters.database import CannotOpen  # noqa: PLC0415  see the top of the file
    from bot.ports import Unavailable  # noqa: PLC0415

    try:
        yield
    except CannotOpen as error:
        _stop([str(error)])
    except Unavailable as error:
        _stop([f"The database does not answer: {error}."])


def _stop(lines: Iterable[str], *, code: int = UNUSABLE) -> NoReturn:
    for line in lines:
        typer.echo(line, err=True)
    raise typer.Exit(code)


if __name__ == "__main__":
    main()
