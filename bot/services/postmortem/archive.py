"""The end of an incident's channel: announced a day before, put off by anybody, and archived."""

from bot.domain.incident.effects import ArchiveChannel
from bot.domain.incident.incident import Incident
from bot.domain.postmortem.deadline import DAY
from bot.domain.postmortem.events import ArchivePlanned, ChannelKept
from bot.domain.postmortem.postmortem import DAY_BEFORE, Postmortem
from bot.domain.refusal import Refusal
from bot.domain.timer import Timer
from bot.services.postmortem.lifecycle import PostmortemLifecycle
from bot.services.transaction import Transaction


class Archive:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._lifecycle = PostmortemLifecycle(tx)

    def keep(self, incident: Incident, *, by: str) -> Incident:
        """Let the channel stay. Spy does not announce its end again."""
        if self._tx.policy.resolution.archive_channels is None:
            raise Refusal(
                f"Spy does not archive channels here, so the channel of {incident.id} stays. "
                "`resolution: {archive_channels: 14d}` in config.yaml would change that."
            )
        postmortem = self._lifecycle.of(incident.number)
        if postmortem.keeps_channel:
            raise Refusal(f"The channel of {incident.id} stays already.")
        return self._happened(postmortem, incident, ChannelKept(at=self._tx.now, by=by))

    def send(self, timer: Timer, incident: Incident) -> None:
        """Announce the end of the channel, or archive it."""
        postmortem = self._lifecycle.of(incident.number)
        if timer.occurrence.n == DAY_BEFORE:
            planned = ArchivePlanned(at=self._tx.now, until=self._tx.now + DAY)
            self._happened(postmortem, incident, planned)
        else:
            key = f"archive:{incident.number}:{timer.occurrence.cycle}"
            self._tx.send(ArchiveChannel(key=key, incident=incident.number))

    def _happened(
        self, postmortem: Postmortem, incident: Incident, event: ArchivePlanned | ChannelKept
    ) -> Incident:
        incident = self._tx.record(incident, event)
        self._tx.send(*self._lifecycle.keep(postmortem.after(event), incident))
        return incident
