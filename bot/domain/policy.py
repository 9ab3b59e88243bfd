"""What an organisation has decided: its teams, severities and who may do what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from difflib import get_close_matches

from bot.domain.refusal import Choice, Refusal


@dataclass(frozen=True, kw_only=True)
class Team:
    """A team that can be paged and told: its channel (Slack id) and its PagerDuty ids."""

    key: str
    channel: str
    service: str | None = None
    escalation_policy: str | None = None
    schedule: str | None = None
    manager: str | None = None


@dataclass(frozen=True, kw_only=True)
class Severity:
    """How bad it is: how often an update is promised, and which teams are paged when an incident opens."""

    key: str
    update_every: timedelta | None = None
    page: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Policy:
    teams: Mapping[str, Team] = field(default_factory=dict)
    severities: Mapping[str, Severity] = field(default_factory=dict)
    command_team: str | None = None
    announce: str | None = None
    permissions: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def team(self, key: str) -> Team:
        """Find a team by its key, with or without the colon; refuse with the nearest one."""
        bare = key.strip(":").casefold()
        if found := self.teams.get(bare):
            return found
        known = ", ".join(f":{name}" for name in self.teams) or "none yet (see `teams:` in config.yaml)"
        raise Refusal(
            f"There is no team :{bare}.{_nearest(bare, self.teams, ':')} Teams: {known}.", slot="team"
        )

    def severity(self, key: str) -> Severity:
        """Find a severity by its key; `1` means `sev1`."""
        bare = key.casefold()
        for name in (bare, f"sev{bare}"):
            if found := self.severities.get(name):
                return found
        known = ", ".join(self.severities)
        raise Refusal(
            f"There is no severity {key}.{_nearest(bare, self.severities)} Severities: {known}.",
            slot="severity",
            choices=tuple(Choice(label=name, say=f"incident sev {name}") for name in self.severities),
        )

    def may(self, person: str, role: str) -> bool:
        """Whether `permissions:` gives this person (a Slack id) the role; admins have every role."""
        return role == "everyone" or any(
            person in self.permissions.get(granted, frozenset()) for granted in (role, "admin")
        )


def _nearest(word: str, known: Mapping[str, object], mark: str = "") -> str:
    close = get_close_matches(word, known, n=1)
    return f" Did you mean {mark}{close[0]}?" if close else ""
