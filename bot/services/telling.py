"""Tell another team, in its own channel, and learn who there has seen it."""

from bot.domain import events
from bot.domain.effects import Show, room
from bot.domain.incident import Incident
from bot.domain.policy import Team
from bot.domain.refusal import Refusal
from bot.domain.tell import Tell
from bot.services.transaction import Transaction


class Telling:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    def tell(self, incident: Incident, team: Team, message: str, *, by: str) -> Tell:
        tell = Tell(
            number=self._session.tells.reserve(),
            incident=incident.number,
            team=team.key,
            channel=team.channel,
            message=message,
            by=by,
            at=self._tx.now,
        )
        self._session.tells.put(tell)
        incident = self._tx.record(incident, tell.told())
        self._show(tell, origin="told", in_team=True, tells=(incident.number, incident.entries))
        return tell

    def see(self, number: int, *, by: str) -> Tell:
        """Say *Seen*; saying it again changes nothing."""
        tell = self._locked(number)
        if tell is None:
            raise Refusal(
                "That message is not in Spy's records any more; answer in the incident's channel instead."
            )
        seen = tell.see(by=by, at=self._tx.now)
        if seen is None:
            return tell
        tell = tell.after(seen)
        self._session.tells.put(tell)
        self._tx.record(self._tx.incident(tell.incident), seen)
        self._show(tell, origin=f"seen:{len(tell.seen_by)}", in_team=True)
        return tell

    def failed(self, number: int, why: str) -> None:
        """Slack will not have it in the team's channel."""
        tell = self._locked(number)
        if tell and not tell.failed:
            failed = events.TellFailed(at=self._tx.now, tell=number, team=tell.team, why=why)
            tell = tell.after(failed)
            self._session.tells.put(tell)
            self._tx.record(self._tx.incident(tell.incident), failed)
            self._show(tell, origin="failed", in_team=False)

    def _locked(self, number: int) -> Tell | None:
        """Fetch a tell to change it, with nobody else changing it meanwhile."""
        self._session.lock(f"tell:{number}")
        return self._session.tells.get(number)

    def _show(self, tell: Tell, *, origin: str, in_team: bool, tells: tuple[int, int] | None = None) -> None:
        n = tell.number
        line = Show(key=f"tell:{n}:{origin}", surface="tell", ref=n, to=room(tell.incident), tells=tells)
        self._tx.send(line)
        if in_team:
            self._tx.send(Show(key=f"told:{n}:{origin}", surface="told", ref=n, to=tell.channel))
