"""The lasting messages about an incident: card, announcement, briefs, reminders, and its channel."""

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.effects import UpsertMessage
from bot.domain.incident.agenda import last_sent, reminder_of, sent_name, status
from bot.domain.incident.incident import Incident
from bot.domain.incident.milestone import in_words, milestone_of
from bot.domain.incident.reminders import FIND_CAUSE, TILL_MORNING, UPDATE_DUE, morning
from bot.domain.incident.timeline import line, visible
from bot.domain.reminder import Status
from bot.domain.subject import MilestoneName
from bot.domain.timer import LastSent, moment_of
from bot.services.channels import Channels
from bot.services.incident.channels import IncidentChannels
from bot.services.incident.merges import Merges, is_shown
from bot.services.incident.views import LINES, Views
from bot.services.messages import Facts, message
from bot.services.people import People
from bot.services.postmortem.documents import Documents
from bot.services.transaction import Transaction
from bot.services.troubles import Troubles

POSTMORTEM = MilestoneName("postmortem", at_stop=True)
"""The milestone that asks for the postmortem. Its message has the button and the due time."""
CLOSINGS, TAKEN = ("channel_closed", "channel_reopened"), ("channel_reopened", "channel_opened")
"""Kinds of events about the channel, and those after which Spy can post again."""


@message("card", "incident/card", finds_reopened=True)
def card(tx: Transaction, it: UpsertMessage) -> Facts:
    return Views(tx).card(it.ref)


def _announcement_refused(tx: Transaction, it: UpsertMessage, why: str) -> None:
    Channels(tx).refused(str(it.to), why)
    if Troubles(tx).begins(f"announcement:{it.ref}", why):
        IncidentChannels(tx).undelivered(it.ref, f"The announcement in <#{it.to}>", why)


def _announced(tx: Transaction, it: UpsertMessage) -> None:
    Channels(tx).ends(str(it.to))
    if Troubles(tx).ends(f"announcement:{it.ref}"):
        IncidentChannels(tx).mended(it.ref, f"The announcement in <#{it.to}>")


@message(
    "announcement",
    "incident/announcement",
    on_refused=_announcement_refused,
    on_delivered=_announced,
)
def announcement(tx: Transaction, it: UpsertMessage) -> Facts:
    return Views(tx).card(it.ref)


def _is_offered(facts: Facts) -> bool:
    incident, reader = facts["incident"], facts["reader"]
    return bool(incident.is_open and reader and incident.command_offered_to == reader and facts["is_latest"])


@message("brief", "incident/brief", is_worth_posting=_is_offered)
def brief(tx: Transaction, it: UpsertMessage) -> Facts:
    """Return the facts of the brief for a successor."""
    return Views(tx).brief(it.ref, it.facts.get("offer"))


def _is_asking(facts: Facts) -> bool:
    return facts["status"] in {Status.OPEN, Status.SNOOZED}


@message("reminder", "incident/reminded", is_worth_posting=_is_asking)
def reminder(tx: Transaction, it: UpsertMessage) -> Facts:
    """Return the facts of a reminder, with its current status."""
    incident, sent = tx.incident(it.ref), last_sent(it.facts)
    name = sent_name(incident, it.facts["name"], tx.policy)
    snooze = incident.snoozed.get(UPDATE_DUE.name)
    milestone, declared = milestone_of(name, tx.policy), reminder_of(name)
    assert declared, "only a declared reminder is sent"  # noqa: S101
    return {
        **Views(tx).state(incident),
        "template": declared.template,
        "named": str(name),
        "status": status(incident, tx.policy, name, sent),
        "said_at": sent.at,
        "late": sent.late,
        "due_at": sent.due_at or sent.at,
        "promised": moment_of(sent.mark),
        "snooze": snooze if snooze and snooze.mark == sent.mark else None,
        "severities": list(tx.policy.severities),
        "milestone": milestone,
        "message": in_words(milestone.message, incident) if milestone and milestone.message else None,
        "due": Documents(tx).due(incident) if name == POSTMORTEM else None,
        "can_wait": _can_wait(tx, incident, sent, str(it.to)) if name == TILL_MORNING.name else None,
    }


def _can_wait(tx: Transaction, incident: Incident, sent: LastSent, reader: str) -> Facts:
    """Return until when the cause can wait by the reader's clock, and the follow-up that asks for it."""
    zone = People(tx).zone(reader)
    asked = (it for it in tx.session.follow_ups.of(incident.number) if it.what == FIND_CAUSE)
    return {
        "until": morning(sent.at, tx.policy, zone).astimezone(ZoneInfo(zone)),
        "words": FIND_CAUSE,
        "noted": next((it.number for it in asked if it.done_at is None), None),
    }


@message("missed", "incident/missed")
def missed(tx: Transaction, it: UpsertMessage) -> Facts:
    """Return what happened while the channel was closed."""
    since = datetime.fromisoformat(it.facts["since"])
    entries = tx.session.timeline.recorded_since(it.ref, since)
    again = [entry.recorded_at for entry in entries if entry.kind in TAKEN and entry.recorded_at > since]
    until = min(again, default=tx.now)
    lines = [
        line(entry)
        for entry in visible(entries)
        if since <= entry.recorded_at < until and entry.kind not in CLOSINGS
    ]
    return {
        "incident": tx.incident(it.ref),
        "since": since,
        "until": until,
        "events": lines[-LINES:],
        "count": len(lines),
    }


@message("closed_channel", "incident/closed_channel", is_worth_posting=lambda facts: bool(facts["closed"]))
def closed_channel(tx: Transaction, it: UpsertMessage) -> Facts:
    """Return the state of the closed channel, for the person who was asked."""
    incident = tx.incident(it.ref)
    closed = incident.channel_closed
    is_closed = bool(closed and it.facts["closing"] == closed.mark)
    return {"incident": incident, "closed": closed if is_closed else None}


@message("merged", "incident/merged")
def merged(tx: Transaction, it: UpsertMessage) -> Facts:
    """Return as which incident a merged one goes on, for the channel that is left."""
    incident = tx.incident(it.ref)
    target = Merges(tx).last(incident)
    return {"incident": incident, "into": target if is_shown(target, to=incident) else None}
