"""What the lasting messages show, and the tldr: facts read afresh each time, never parsed back from Slack."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bot.domain import guide
from bot.domain.events import CommandOffered
from bot.domain.incident import Incident
from bot.domain.policy import Milestone
from bot.domain.refusal import Refusal
from bot.domain.reminder import UNANSWERED, UPDATE_DUE, UPDATE_LATE, agenda, milestone_of, open_asks, standing
from bot.domain.reminder_message import filled
from bot.domain.timeline import Entry, latest, told
from bot.domain.timer import Said, moment_of
from bot.services.documents import SHOWN, Documents
from bot.services.failover_views import FAILOVER, FailoverViews
from bot.services.oncall_views import ON_CALL, OnCallViews
from bot.services.people import People
from bot.services.relief import Relief
from bot.services.transaction import Transaction

Facts = Mapping[str, Any]
POSTMORTEM = "milestone:postmortem@stop"
"""The milestone that asks for the postmortem: its message has the button, and says by when."""

LINES = 30
"""Of a timeline at once: what a message can hold, with a long line each."""

MARKED = frozenset(
    {
        "brief",
        "missed",
        "closed_channel",
        "reminder",
        "unanswered",
        "relief",
        "rest",
        "warning",
        "cover",
        "forgotten",
    }
)
"""Message types of which there are several to one ref: what each shows depends on its mark too."""


TEMPLATES: Mapping[str, str] = {
    **{
        name: f"{folder}/{name}"
        for folder, names in {
            "incident": "announcement brief card closed_channel missed team_notice team_notice_sent",
            "paging": "page unanswered",
            "oncall": "cover covering warning unready overload stranger handover test tested",
            "postmortem": "digest review follow_up",
            "changes": "forgotten lock",
            "relief": "relief rest",
        }.items()
        for name in names.split()
    },
    "reminder": "incident/reminded",
    "failover": "failover/card",
    "failover_question": "failover/question",
    "failover_word": "failover/outcome",
}

CLOSINGS, TAKEN = ("channel_closed", "channel_reopened"), ("channel_reopened", "channel_opened")
"""Kinds that tell what became of the channel, and those after which it took words again."""


class Views:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    def message_type(self, message_type: str, ref: int, mark: str = "") -> tuple[str, Facts]:
        """Give the template and the facts of a lasting message; `mark` as in `Show`."""
        if message_type in FAILOVER:
            return TEMPLATES[message_type], FailoverViews(self._tx).facts(message_type, ref, mark)
        if message_type in ON_CALL:
            return TEMPLATES[message_type], OnCallViews(self._tx).facts(message_type, ref, mark)
        if message_type in SHOWN:
            return TEMPLATES[message_type], Documents(self._tx).facts(message_type, ref, mark)
        shown = getattr(self, message_type)
        facts: Facts = shown(ref, mark) if message_type in MARKED else shown(ref)
        return TEMPLATES[message_type], facts

    def card(self, number: int) -> Facts:
        return self._state(self._tx.incident(number))

    def announcement(self, number: int) -> Facts:
        return self._state(self._tx.incident(number))

    def page(self, number: int) -> Facts:
        page = self._session.pages.get(number)
        incident = self._tx.incident(page.incident) if page and page.incident else None
        team = self._tx.policy.teams.get((page.team if page else None) or "")
        manager = People(self._tx).manager(team)
        return {"page": page, "incident": incident, "manager": manager, "now": self._tx.now}

    def team_notice(self, number: int) -> Facts:
        team_notice = self._session.team_notices.get(number)
        incident = self._tx.incident(team_notice.incident) if team_notice else None
        return {"notice": team_notice, "incident": incident, "now": self._tx.now}

    team_notice_sent = team_notice

    def brief(self, number: int, mark: str = "") -> Facts:
        """Return what a successor reads before *I have command*; `mark` is the offer (`:entry`), else the last one."""
        incident = self._tx.incident(number)
        offers = self._session.timeline.among([number], [CommandOffered.kind()])
        offer = next((it for it in offers if mark == f":{it.seq}"), None)
        return {
            **self.tldr(incident),
            "unseen": self._unseen(number),
            "coming": self._coming(incident),
            "reader": offer.data["to"] if offer else incident.command_offered_to,
            "is_latest": offer is None or offer == offers[-1],
        }

    def _unseen(self, number: int) -> list[Facts]:
        """Give what other teams were told and have not said *Seen* to."""
        entries = self._session.timeline.of(number)
        heard = {
            entry.data["notice"]
            for entry in entries
            if entry.kind in {"team_notice_seen", "team_notice_failed"}
        }
        told = [entry for entry in entries if entry.kind == "team_notified"]
        return [_line(entry) for entry in told if entry.data["notice"] not in heard]

    def _coming(self, incident: Incident, *, most: int = 4) -> list[Facts]:
        """Give what Spy will say next of this incident."""
        policy, zone = self._tx.policy, People(self._tx).zone(incident.owner)
        timers = sorted(agenda(incident, policy, zone=zone), key=lambda timer: timer.due_at)
        ahead = [it for it in timers if it.due_at > self._tx.now and it.reminder != UPDATE_LATE]
        return [
            {
                "reminder": it.reminder,
                "due_at": it.due_at,
                "milestone": _spoken(milestone_of(it.reminder, policy), incident),
            }
            for it in ahead[:most]
        ]

    def reminder(self, number: int, mark: str) -> Facts:
        """Give what was said of a duty (`mark`: `:duty/occurrence`), and what became of it."""
        incident = self._tx.incident(number)
        reminder, _, occurrence = mark.removeprefix(":").rpartition("/")
        spell = occurrence.rpartition(".")[0]
        entry = self._reminded(number, reminder, occurrence)
        at = entry.occurred_at if entry else self._tx.now
        said = Said(mark=spell, count=0, at=at, occurrence=occurrence)
        snooze = incident.snoozed.get(UPDATE_DUE)
        milestone = milestone_of(reminder, self._tx.policy)
        return {
            **self._state(incident),
            "reminder": reminder.partition(":")[0],
            "named": reminder,
            "standing": standing(incident, self._tx.policy, reminder, said),
            "said_at": at,
            "late": bool(entry and entry.data.get("late")),
            "due_at": datetime.fromisoformat(entry.data["due_at"]) if entry else at,
            "promised": moment_of(spell),
            "snooze": snooze if snooze and snooze.mark == spell else None,
            "severities": list(self._tx.policy.severities),
            "milestone": milestone,
            "message": filled(milestone.message, incident) if milestone and milestone.message else None,
            "due": Documents(self._tx).due(incident) if reminder == POSTMORTEM else None,
        }

    def _reminded(self, number: int, reminder: str, occurrence: str) -> Entry | None:
        mine = (
            entry
            for entry in self._session.timeline.of(number)
            if entry.kind == "reminded"
            and (entry.data["reminder"], entry.data["occurrence"]) == (reminder, occurrence)
        )
        return next(mine, None)

    def unanswered(self, number: int, mark: str) -> Facts:
        """Give a page that nobody answered in time; `mark` tells which time."""
        page = self._session.pages.get(number)
        said = page.reminded.get(UNANSWERED) if page else None
        return {**self.page(number), "said": said, "latest": bool(said and mark == f":{said.occurrence}")}

    def relief(self, number: int, mark: str) -> Facts:
        """Give how a work period stands of which somebody was told (`mark`: `:words@address`)."""
        return Relief(self._tx).relief(number, mark)

    def rest(self, number: int, mark: str) -> Facts:
        """Give what somebody reads who was relieved (`mark`: `:incident:entry`)."""
        return Relief(self._tx).rest(number, mark)

    def missed(self, number: int, mark: str) -> Facts:
        """Give what was told while the channel was closed (since `mark`, in milliseconds)."""
        incident, since = self._tx.incident(number), _moment(mark)
        entries = self._session.timeline.of(number)
        again = [it.recorded_at for it in entries if it.kind in TAKEN and it.recorded_at > since]
        until = min(again, default=self._tx.now)
        lines = [
            _line(it) for it in told(entries) if since <= it.recorded_at < until and it.kind not in CLOSINGS
        ]
        return {
            "incident": incident,
            "since": since,
            "until": until,
            "events": lines[-LINES:],
            "count": len(lines),
        }

    def closed_channel(self, number: int, mark: str) -> Facts:
        """Give what became of the channel since somebody was asked about it (`mark`: `:milliseconds:person`)."""
        incident = self._tx.incident(number)
        closed = incident.channel_closed
        is_closed = bool(closed and mark.startswith(f"{closed.mark}:"))
        return {"incident": incident, "closed": closed if is_closed else None}

    def lock(self, number: int) -> Facts:
        return {"lock": self._session.locks.get(number), "now": self._tx.now}

    def forgotten(self, number: int, mark: str) -> Facts:
        """Give a lock that somebody was asked about; `mark` tells which time (`:0` the first)."""
        lock = self._session.locks.get(number)
        return {**self.lock(number), "latest": bool(lock and mark == f":{max(lock.reminders - 1, 0)}")}

    def tldr(self, incident: Incident) -> Facts:
        """Tell the whole state on one screen: the card's facts and the last three events of substance."""
        recent = latest(self._session.timeline.of(incident.number))
        return {**self._state(incident), "events": [_line(entry) for entry in recent]}

    def checklist(self, incident: Incident) -> Facts:
        """Give all steps of the guide, each with what was done of it."""
        lines = guide.checklist(incident, self._session.timeline.of(incident.number))
        return {
            "incident": incident,
            "lines": lines,
            "guide": guide.standing(incident),
            "now": self._tx.now,
        }

    def timeline(self, incident: Incident, since: int | None = None) -> Facts:
        """Give the last lines that are told, oldest first, or those from a line (its number) on."""
        lines = [_line(entry) for entry in told(self._session.timeline.of(incident.number))]
        if since is not None and lines and since > lines[-1]["line"]:
            raise Refusal(f"There is no line {since}: the last one is {lines[-1]['line']}.", slot="line")
        last = max(len(lines) - LINES, 0)
        at = last if since is None else next((n for n, it in enumerate(lines) if it["line"] >= since), last)
        return {
            "incident": incident,
            "events": lines[at : at + LINES],
            "count": len(lines),
            "earlier": lines[max(at - LINES, 0)]["line"] if at else None,
            "later": lines[at + LINES]["line"] if at + LINES < len(lines) else None,
        }

    def _state(self, incident: Incident) -> Facts:
        return {
            "incident": incident,
            "pages": self._session.pages.of(incident.number),
            "failovers": [it for it in self._session.failovers.active() if it.incident == incident.number],
            "now": self._tx.now,
            "lasted": incident.lasted(self._tx.now),
            "asks": open_asks(incident, self._tx.policy),
            "locks": self._session.locks.standing() if incident.is_open else (),
            "guide": guide.standing(incident),
            "commanded_for": self._tx.now - incident.command_since if incident.command_since else None,
        }


def _moment(mark: str) -> datetime:
    return datetime.fromtimestamp(int(mark.split(":")[1]) / 1000, UTC)


def _spoken(milestone: Milestone | None, incident: Incident) -> str | None:
    """Give what a milestone will say, or its name where it is a command."""
    return filled(milestone.message or milestone.name, incident) if milestone else None


def _line(entry: Entry) -> Facts:
    about = {"incident": entry.incident, "kind": entry.kind, "at": entry.occurred_at, "by": entry.actor}
    return {"text": entry.text, **entry.data, **about, "permalink": entry.permalink, "line": entry.seq}
