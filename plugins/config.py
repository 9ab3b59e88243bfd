"""Which configurations Spy has used."""

from bot.commands.command import command
from bot.commands.reply import Reply
from bot.domain.config_version import takings
from bot.services.configuration import ConfigVersions


@command("config history", allow="admin", reads=True)
def history(*, versions: ConfigVersions) -> Reply:
    """List the last configurations: when each was taken, by which process, and what changed.

    To go back to one, run `spy config back` where the file is.
    """
    return Reply(
        "shared/config_history",
        {"versions": takings(versions.taken())[:20], "refused": versions.refusal()},
        discreet=True,
    )
