"""On call: who is."""

from bot.commands.command import command
from bot.commands.reply import Reply
from bot.domain.policy import Team
from bot.services.desk import Desk
from bot.services.oncall import OnCall


@command("oncall [:team]")
def oncall(team: Team | None, *, duty: OnCall, desk: Desk) -> Reply:
    """Say who is on call, for one team or for all, and how old that knowledge is."""
    answer = duty.of(team) if team else duty.of()
    return Reply("oncall/who", {"answer": answer, "now": desk.now}, shared=True)
