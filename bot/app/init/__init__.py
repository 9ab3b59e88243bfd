"""`spy init`: write a config.yaml from what Slack, PagerDuty and GitHub know."""

import os
from collections.abc import Iterator
from pathlib import Path

from bot.adapters.pagerduty.vendor import VENDOR as PAGERDUTY
from bot.app.init.draft import Choose, Draft, draft
from bot.app.init.file import config_yaml, joined
from bot.app.init.vendors import PAGERDUTY_MISSING, CannotInit, pagerduty, repositories, slack
from bot.app.settings import load
from bot.config import Settings
from bot.config.sections import Sections, SlackSection

__all__ = ["CannotInit", "init"]


def init(settings: Settings, output: Path, *, force: bool, choose: Choose | None) -> tuple[str, ...]:
    """Write the file, and return lines that say what is in it and what comes next.

    `settings` are those without a file. `force` replaces a file that is there. `choose` asks a person where several
    things fit equally well; None takes the likeliest. Raise CannotInit if nothing was written.
    """
    if not force and os.path.lexists(output):
        raise CannotInit(
            f"{output} is there already, and stays as it is. "
            "Write another file with --output FILE, or replace this one with --force."
        )
    settings = _in_its_mode(settings)
    no_pagerduty = () if settings.env.secret(PAGERDUTY.variable) else (PAGERDUTY_MISSING,)
    if missing := (*settings.missing(), *no_pagerduty):
        raise CannotInit(*missing)
    account = pagerduty(settings)
    workspace = slack(settings, owner_email=account.owner.email if account.owner else None)
    mode = settings.slack.mode
    made = draft(workspace, account, repositories(settings), mode=mode, choose=choose)
    _write(output, config_yaml(made))
    return tuple(_report(made, output))


def _in_its_mode(settings: Settings) -> Settings:
    """Return the settings with the mode that the tokens are for: http if there is only a signing secret."""
    env = settings.env
    is_http = bool(env.slack_signing_secret) and not env.slack_app_token
    section = SlackSection(mode="http" if is_http else "socket")
    return Settings.joining(Sections(slack=section), env, settings.vendors, path=None, text="")


def _write(output: Path, text: str) -> None:
    """Write the whole file or nothing. A file that Spy itself could not read is never left."""
    whole = output.resolve()
    new = whole.with_name(f".{whole.name}.new")
    try:
        new.write_text(text, encoding="utf-8")
        load(new, {})
        new.replace(whole)
    except OSError as error:
        raise CannotInit(f"{output} can't be written: {error.strerror}.") from error
    finally:
        new.unlink(missing_ok=True)


def _report(made: Draft, output: Path) -> Iterator[str]:
    announce = made.announce.value
    where = f"incidents are announced in #{announce.name}" if announce else "no channel for announcements yet"
    yield f"Wrote {output}. Teams: {len(made.teams)}; {where}."
    channels = [announce, *(team.channel.value for team in made.teams)]
    absent = dict.fromkeys(f"#{it.name}" for it in channels if it and not it.is_member)
    if absent:
        yield f"Spy is not in these channels: {joined(absent)}. In each, say /invite @spy."
    yield "Read it: a comment says what was guessed and what is missing."
    yield f"Then: spy check --config {output}"
