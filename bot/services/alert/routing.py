"""Where the line of an alert goes: the channel of the team whose service it is."""

from bot.domain.alert.alert import Alert
from bot.domain.policy import Policy, Team
from bot.domain.service import Declare, Service


def service_of(policy: Policy, alert: Alert) -> Service | None:
    return policy.services.get(alert.service or "")


def team_of(policy: Policy, alert: Alert) -> Team | None:
    """Return the team of its service. A team's own name counts as a service: the pager may know it by that."""
    service = service_of(policy, alert)
    return policy.teams.get((service.team if service else None) or alert.service or "")


def channel_of(policy: Policy, alert: Alert) -> tuple[str | None, bool]:
    """Return the channel of its line, and whether config.yaml says whose service it is.

    What nobody owns goes to the command team's channel, else to the announcement channel.
    """
    team = team_of(policy, alert)
    if team:
        return team.channel, True
    command = policy.teams.get(policy.command_team or "")
    return (command.channel if command else policy.announce), False


def other_channels(policy: Policy, alert: Alert) -> list[str]:
    """Return where its line can go instead of its channel."""
    command = policy.teams.get(policy.command_team or "")
    return [it for it in (command.channel if command else None, policy.announce) if it and it != alert.to]


def declares(policy: Policy, alert: Alert) -> Declare:
    service = service_of(policy, alert)
    return service.declares(alert.severity, alert.urgency) if service else Declare.ASK
