"""Changes to channels in Slack: those of incidents, the announcement channel, and the teams'."""

from typing import Any

from bot.domain.effects import UpsertMessage
from bot.domain.incident import events
from bot.domain.incident.incident import Incident
from bot.domain.policy import Team
from bot.domain.trouble import Trouble
from bot.services.directory import Directory
from bot.services.incident.channels import IncidentChannels
from bot.services.transaction import Transaction
from bot.services.troubles import Troubles


class Channels:
    """Handles changes to channels.

    An incident records those of its own channel. For another channel that Spy uses, Spy notifies the people who can
    fix it.
    """

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session
        self._channels = IncidentChannels(tx)
        self._troubles = Troubles(tx)

    # --- from Slack ---

    def closed(self, channel: str, how: events.Closing, *, by: str | None) -> None:
        if incident := self._incident(channel):
            self._channels.closed(incident.number, how, by=by)
        else:
            self.begins(channel, how, by=by)

    def reopened(self, channel: str, *, by: str | None) -> None:
        if incident := self._incident(channel):
            self._channels.reopened(incident.number, by=by)
        else:
            self.ends(channel)

    def put_out(self, channel: str, *, by: str | None, private: bool, origin: str) -> None:
        """Handle the removal of Spy from a channel. It rejoins a public one with its next post."""
        if incident := self._incident(channel):
            self._channels.put_out(incident, by=by, origin=origin)
        elif private:
            self.begins(channel, "left", by=by)

    def left(self, channel: str, person: str) -> None:
        if incident := self._incident(channel):
            self._channels.left(incident, person)

    def made_private(self, channel: str, *, by: str | None) -> None:
        if incident := self._incident(channel):
            self._channels.made_private(incident, by=by)

    def moved(self, channel: str, to: str) -> None:
        """Handle a channel's new id. Spy uses it at once, and asks for config.yaml to be corrected."""
        incident = self._incident(channel)
        self._session.messages.moved(channel, to)
        if incident:
            self._channels.moved(incident, to=to)
        elif self._is_used(channel):
            self.begins(channel, "moved", by=None, moved_to=to)

    def _incident(self, channel: str) -> Incident | None:
        return self._session.incidents.in_channel(channel)

    # --- problems with the announcement channel or a team's ---

    def refused(self, channel: str, why: str) -> None:
        """Report once that Slack refuses posts in a channel."""
        self.begins(channel, "refused", by=None, why=why)

    def begins(
        self, channel: str, how: str, *, by: str | None, why: str = "", moved_to: str | None = None
    ) -> None:
        if not self._is_used(channel):
            return
        self._troubles.begins(
            _key(channel),
            why or how,
            tell=self._menders(channel),
            template="shared/channel",
            facts={"how": how, "by": by, "moved_to": moved_to, **self._facts(channel)},
            moved_to=moved_to,
        )

    def ends(self, channel: str) -> None:
        """Report once that Spy can post in the channel again, and show there what it missed.

        A channel with a changed id keeps its trouble until config.yaml has the new id.
        """
        if self.present(channel) != channel:
            return
        over = self._troubles.ends(_key(channel), template="shared/channel_over", facts=self._facts(channel))
        if over and channel == self._tx.policy.announce:
            self._announce_again(over)

    def _announce_again(self, over: Trouble) -> None:
        at = int(self._tx.now.timestamp() * 1000)
        for it in self._session.incidents.alive_since(over.since):
            if not it.private:
                key = f"announcement:{it.number}:again:{at}"
                self._tx.send(
                    UpsertMessage(
                        key=key, message_type="announcement", ref=it.number, to=self._tx.policy.announce or ""
                    )
                )

    def present(self, channel: str) -> str:
        """Return the current id of a configured channel."""
        known = self._session.troubles.get(_key(channel))
        return (known.moved_to if known and known.lasts else None) or channel

    def _teams(self, channel: str) -> list[Team]:
        return [it for it in self._tx.policy.teams.values() if it.channel == channel]

    def _is_used(self, channel: str) -> bool:
        return channel == self._tx.policy.announce or bool(self._teams(channel))

    def _facts(self, channel: str) -> dict[str, Any]:
        teams = tuple(it.key for it in self._teams(channel))
        return {"channel": channel, "announces": channel == self._tx.policy.announce, "teams": teams}

    def _menders(self, channel: str) -> list[str]:
        """Return who can fix it: the team's manager and Spy's maintainers; never that channel itself."""
        policy = self._tx.policy
        managers = filter(None, map(Directory(self._tx).manager, self._teams(channel)))
        notified = [it for it in (*managers, *policy.maintainers) if it != channel]
        command = policy.teams.get(policy.command_team or "")
        others = [Directory(self._tx).manager(command) or command.channel] if command else []
        return notified or [it for it in others if it != channel]


def _key(channel: str) -> str:
    return f"channel:{channel}"
