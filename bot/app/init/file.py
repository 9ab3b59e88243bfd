"""Write config.yaml from a draft: what was found as values, what was not as comments that say what to do.

A person or a service can have any name. Names stand in comments only, on one line, and with nothing in them that
YAML does not allow or that looks like a secret.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence

import yaml

from bot.adapters.slack.directory import ListedChannel
from bot.app.init import names
from bot.app.init.draft import Draft, DraftTeam
from bot.config.secrets_in_file import without_secrets
from bot.domain.text import shortened

MOST_LISTED = 30
"""The most services or others that a comment lists; the rest is counted."""
MOST_GROUPS = 10
LONGEST_NAME = 60
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@/+-]*")

HEAD = """\
# Spy's configuration. `spy init` wrote it from what it found in Slack, PagerDuty and GitHub.
# Read it once, correct what was guessed, then run `spy check`.
# Every other setting, each with its default: config.example.yaml.
# Secrets stay in the environment (SLACK_BOT_TOKEN, PAGERDUTY_API_TOKEN, ...); one written here is refused."""
CHANNEL_ID = "the id of a channel: in Slack, the channel's name, About, at the bottom"


def config_yaml(draft: Draft) -> str:
    sections = (_slack, _pagerduty, _github, _teams, _command_team, _severities, _permissions, _web)
    texts = ["\n".join(section(draft)) for section in sections]
    return "\n\n".join(filter(None, (HEAD, *texts))) + "\n"


def joined(items: Iterable[str]) -> str:
    """Join names, and count those that are too many."""
    every = list(items)
    more = f" and {len(every) - MOST_LISTED} more" if len(every) > MOST_LISTED else ""
    return ", ".join(every[:MOST_LISTED]) + more


# --- sections -------------------------------------------------------------------------------------------------


def _slack(draft: Draft) -> Iterator[str]:
    yield "slack:"
    yield _noted(
        f"  mode: {draft.mode}",
        "Spy calls Slack; no open port is needed" if draft.mode == "socket" else "Slack calls web.public_url",
    )
    channel = draft.announce.value
    if channel:
        yield _noted(f"  announce: {_scalar(channel.id)}", _channel_note(channel, draft.announce.others))
    else:
        yield _noted("  # announce: C0INCIDENTS", f"No channel has a name like #incidents: give {CHANNEL_ID}")


def _pagerduty(draft: Draft) -> Iterator[str]:
    sender = draft.sender
    if sender and sender.email:
        why = (
            "who owns the token" if sender == draft.owner else "a guess: any PagerDuty user can be named here"
        )
        yield "pagerduty:"
        yield _noted(f"  from: {_scalar(sender.email)}", f"{_name(sender.called)}, {why}")
    else:
        yield "# pagerduty:"
        yield _noted("#   from: spy@example.com", "PagerDuty showed no user: give the e-mail of one")


def _github(draft: Draft) -> Iterator[str]:
    others = joined(draft.repository.others)
    if draft.repository.value:
        guess = f"a guess; also: {others}" if others else "where postmortems and follow-ups become issues"
        yield "github:"
        yield _noted(f"  repository: {_scalar(draft.repository.value)}", guess)
        yield _noted(
            "  # private_repository: owner/name", "for private incidents; else they are not exported"
        )
        return
    yield "# github:"
    if draft.repositories is None:
        why = "To export postmortems as issues, set GITHUB_TOKEN and name a repository"
    elif draft.repositories:
        why = f"Name a repository for postmortems. {f'The token sees: {others}' if others else ''}".rstrip()
    else:
        why = "The GitHub token sees no repository with issues. Give it access to one, and name it"
    yield _noted("#   repository: owner/name", why)


def _teams(draft: Draft) -> Iterator[str]:
    yield "# Teams, for commands such as `page :payments` and `incident tell :payments`."
    yield "# A team may also have a manager, by Slack user id (profile, Copy member ID): manager: U0MGR"
    yield "teams:" if draft.teams else "teams: {}"
    for team in draft.teams:
        yield from _team(team, draft)
    if draft.without_channel:
        yield "  # No channel has a name like these services. To use one, put in"
        yield f"  # {CHANNEL_ID}, and take away the #."
    for team in draft.without_channel[:MOST_LISTED]:
        yield _noted(f"  # {_scalar(team.key)}: {{channel: C…, {_ids(team)}}}", _name(team.service.called))
    if more := len(draft.without_channel[MOST_LISTED:]):
        yield f"  # … and {more} more services in PagerDuty."


def _team(team: DraftTeam, draft: Draft) -> Iterator[str]:
    channel = team.channel.value
    if channel is None:
        return
    yield f"  {_scalar(team.key)}:"
    guess = "a guess: the names are alike only in part" if team.closeness == names.PARTLY else ""
    note = "; ".join(filter(None, (_channel_note(channel, team.channel.others), guess)))
    yield _noted(f"    channel: {_scalar(channel.id)}", note)
    dead = "" if draft.sender else "# "
    yield _noted(f"    {dead}{_ids(team)}", _name(team.service.called))
    if team.more_services:
        more = [f"{it.id} ({_name(it.called)})" for it in team.more_services]
        yield f"    # {_comment(f'PagerDuty has other services that could be meant: {joined(more)}')}"


def _ids(team: DraftTeam) -> str:
    ids = {
        "service": team.service.id,
        "escalation_policy": team.policy.id if team.policy else None,
        "schedule": team.policy.schedule if team.policy else None,
    }
    found = ", ".join(f"{key}: {_scalar(ident)}" for key, ident in ids.items() if ident)
    return f"pagerduty: {{{found}}}"


def _command_team(draft: Draft) -> Iterator[str]:
    team, others = draft.command_team.value, joined(it.key for it in draft.command_team.others)
    if team:
        note = "the team that commanders come from" + (f"; a guess; also: {others}" if others else "")
        yield _noted(f"command_team: {_scalar(team.key)}", note)
    elif draft.teams:
        yield "# The team that commanders come from. It is also the team to page below."
        yield _noted(f"# command_team: {_scalar(draft.teams[0].key)}", "Choose a team, and take away the #")
    else:
        yield _noted("# command_team: imoc", "the team that commanders come from: one of teams")


def _severities(draft: Draft) -> Iterator[str]:
    paged = draft.command_team.value if draft.sender else None
    page = f", page: [{_scalar(paged.key)}]" if paged else ""
    yield "# From the worst to the least. page: the teams that are paged when an incident opens."
    if not paged:
        yield "# Nobody is paged yet: add page: [team] to a severity, as in {update_every: 15m, page: [imoc]}."
    yield "severities:"
    yield f"  sev1: {{update_every: 15m{page}}}"
    yield f"  sev2: {{update_every: 30m{page}}}"
    yield "  sev3: {update_every: 60m}"


def _permissions(draft: Draft) -> Iterator[str]:
    yield "# Who may do what, by Slack user id (U...) or user group id (S...). An admin may do everything."
    yield "permissions:"
    for group in draft.groups[:MOST_GROUPS]:
        yield _noted(
            f"  # operator: [{group.id}]", f"the user group @{_name(group.handle)}, to run failovers"
        )
    if draft.admin:
        note = f"{_name(draft.admin.name)}, who owns the PagerDuty token"
        yield _noted(f"  admin: [{_scalar(draft.admin.id)}]", note)
    else:
        yield _noted("  # admin: [U0ANA]", "Nobody is admin yet. In Slack: profile, ⋮, Copy member ID")


def _web(draft: Draft) -> Iterator[str]:
    if draft.mode == "http":
        yield "web:"
        yield "  port: 3000"
        yield _noted(
            "  # public_url: https://spy.example.com", "where Slack reaches this port: needed for http"
        )


# --- values and comments --------------------------------------------------------------------------------------


def _channel_note(channel: ListedChannel, others: Sequence[ListedChannel]) -> str:
    invite = "" if channel.is_member else "Spy is not in it: in Slack, say /invite @spy there"
    guess = f"a guess; also: {joined(f'#{it.name} ({it.id})' for it in others)}" if others else ""
    return "; ".join(filter(None, (f"#{channel.name}", guess, invite)))


def _noted(line: str, note: str) -> str:
    return f"{line}  # {_comment(note)}"


def _name(name: str) -> str:
    return shortened(name, LONGEST_NAME)


def _comment(text: str) -> str:
    return without_secrets(names.printable(text))


def _scalar(text: str) -> str:
    """Return a string as YAML, in quotes if it would be read as something else without them."""
    return text if _PLAIN.fullmatch(text) and _is_read_as_text(text) else json.dumps(text)


def _is_read_as_text(text: str) -> bool:
    try:
        return bool(yaml.safe_load(text) == text)
    except (ValueError, yaml.YAMLError):  # 2020-13-45 looks like a date, and is none
        return False
