"""Notify another team in its own channel, and record who there has seen it."""

from bot.domain.effects import UpsertMessage
from bot.domain.incident import events
from bot.domain.incident.incident import Incident
from bot.domain.incident.team_notice import TeamNotice
from bot.domain.policy import Team
from bot.domain.refusal import Refusal
from bot.domain.subject import IncidentChannel
from bot.services.channels import Channels
from bot.services.messages import Facts, message
from bot.services.oncall.team_people import TeamPeople
from bot.services.transaction import Transaction

GONE = "Spy no longer has that message. Answer in the incident's channel instead."


class TeamNotices:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    def notify(self, incident: Incident, team: Team, message: str, *, by: str) -> TeamNotice:
        notice = TeamNotice(
            number=self._session.team_notices.reserve(),
            incident=incident.number,
            team=team.key,
            channel=team.channel,
            message=message,
            by=by,
            at=self._tx.now,
        )
        self._session.team_notices.put(notice)
        incident = self._tx.record(incident, notice.notified())
        self._show(notice, origin="sent", in_team=True, permalink_of=(incident.number, incident.entries))
        return notice

    def see(self, number: int, *, by: str, channel: str | None = None) -> TeamNotice:
        """Mark a notice as seen (*Seen*), by one of the team. A second time changes nothing.

        `channel` is where the person speaks: everybody in the team's channel belongs to the team.
        """
        notice = self._locked(number)
        if notice is None:
            raise Refusal(GONE)
        self._must_be_of_team(notice, by, channel)
        seen = notice.see(by=by, at=self._tx.now)
        if seen is None:
            return notice
        notice = notice.after(seen)
        self._session.team_notices.put(notice)
        self._tx.record(self._tx.incident(notice.incident), seen)
        self._show(notice, origin=f"seen:{len(notice.seen_by)}", in_team=True)
        return notice

    def _must_be_of_team(self, notice: TeamNotice, by: str, channel: str | None) -> None:
        """Refuse other people. A notice of a private incident counts as absent for them."""
        team = self._tx.policy.teams.get(notice.team) or Team(key=notice.team, channel=notice.channel)
        if channel == notice.channel or TeamPeople(self._tx).has(team, by, channel=channel):
            return
        incident = self._session.incidents.look(notice.incident)
        if incident is None or not incident.is_seen_by(by):
            raise Refusal(GONE)
        raise Refusal(
            f"Only :{team.key} can say that :{team.key} has seen it: who is on call for it, its manager, "
            f"and people in <#{notice.channel}>. If you are one of them, press *Seen* in that channel."
        )

    def failed(self, number: int, why: str) -> None:
        """Record that Slack refused the notice in the team's channel."""
        notice = self._locked(number)
        if notice and not notice.failed:
            failed = events.TeamNoticeFailed(at=self._tx.now, notice=number, team=notice.team, why=why)
            notice = notice.after(failed)
            self._session.team_notices.put(notice)
            self._tx.record(self._tx.incident(notice.incident), failed)
            self._show(notice, origin="failed", in_team=False)

    def _locked(self, number: int) -> TeamNotice | None:
        """Load a notice and lock it until the transaction ends."""
        self._session.lock(f"team_notice:{number}")
        return self._session.team_notices.get(number)

    def _show(
        self, notice: TeamNotice, *, origin: str, in_team: bool, permalink_of: tuple[int, int] | None = None
    ) -> None:
        n = notice.number
        line = UpsertMessage(
            key=f"team_notice_sent:{n}:{origin}",
            message_type="team_notice_sent",
            ref=n,
            to=IncidentChannel(notice.incident),
            permalink_of=permalink_of,
        )
        self._tx.send(line)
        if in_team:
            self._tx.send(
                UpsertMessage(
                    key=f"team_notice:{n}:{origin}", message_type="team_notice", ref=n, to=notice.channel
                )
            )


def _refused(tx: Transaction, it: UpsertMessage, why: str) -> None:
    Channels(tx).refused(str(it.to), why)
    TeamNotices(tx).failed(it.ref, why)


def _delivered(tx: Transaction, it: UpsertMessage) -> None:
    Channels(tx).ends(str(it.to))


@message("team_notice", "incident/team_notice", on_refused=_refused, on_delivered=_delivered)
@message("team_notice_sent", "incident/team_notice_sent")
def team_notice(tx: Transaction, it: UpsertMessage) -> Facts:
    """Return the facts of the notice and of its line in the incident's channel."""
    notice = tx.session.team_notices.get(it.ref)
    incident = tx.incident(notice.incident) if notice else None
    return {"notice": notice, "incident": incident, "now": tx.now}
