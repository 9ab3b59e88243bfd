"""PagerDuty's JSON: references, users, services, policies, schedules, incidents, log entries and webhooks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from bot.sandbox.pagerduty.account import (
    ChangeEvent,
    PagerDutyAccount,
    PagerDutyPolicy,
    PagerDutyService,
    PagerDutyUser,
)
from bot.sandbox.pagerduty.incidents import IncidentLogEntry, PagerDutyIncident
from bot.sandbox.pagerduty.schedules import TURN, PagerDutySchedule, ScheduleOverride, ScheduleShift, clipped
from bot.sandbox.pagerduty.shift_based import ShiftBasedSchedule
from bot.sandbox.server.rest import JSON

SITE = "https://acme.pagerduty.com"
PLURALS = {
    "escalation_policy": "escalation_policies",
    "log_entry": "log_entries",
    "schedule_v3": "v3/schedules",
}
PAGES = {"service": "service-directory", "schedule_v3": "schedules"}


def time_of(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class PagerDutyJson:
    """Builds PagerDuty's JSON. `url` is a function, since the port is known only when the box runs."""

    def __init__(self, account: PagerDutyAccount, *, url: Callable[[], str]) -> None:
        self._account = account
        self._url = url

    # --- references

    def reference(self, kind: str, ident: str, summary: str) -> JSON:
        return {**self._head(kind, ident, summary), "type": f"{kind}_reference"}

    def agent(self, ident: str) -> JSON:
        if user := self._account.users.get(ident):
            return self.reference("user", ident, user.name)
        return self.reference("service", ident, self._account.services[ident].name)

    def schedule_reference(self, schedule: PagerDutySchedule | ShiftBasedSchedule) -> JSON:
        kind = "schedule" if isinstance(schedule, PagerDutySchedule) else "schedule_v3"
        return self.reference(kind, schedule.id, schedule.name)

    def policy_reference(self, policy: PagerDutyPolicy) -> JSON:
        return self.reference("escalation_policy", policy.id, policy.name)

    def _head(self, kind: str, ident: str, summary: str) -> JSON:
        plural = PLURALS.get(kind, f"{kind}s")
        return {
            "id": ident,
            "type": kind,
            "summary": summary,
            "self": f"{self._url()}/{plural}/{ident}",
            "html_url": f"{SITE}/{PAGES.get(kind, plural)}/{ident}",
        }

    # --- people

    def user(self, user: PagerDutyUser, include: Iterable[str] = ()) -> JSON:
        full = "contact_methods" in include
        methods = self.contact_methods(user)
        return {
            **self._head("user", user.id, user.name),
            "name": user.name,
            "email": user.email,
            "time_zone": user.time_zone,
            "color": "green",
            "avatar_url": f"{SITE}/avatars/{user.id}.png",
            "billed": True,
            "role": "user",
            "description": "",
            "invitation_sent": False,
            "job_title": "Engineer",
            "created_via_sso": False,
            "teams": [],
            "contact_methods": methods if full else [_as_reference(method) for method in methods],
            "notification_rules": [],
            "coordinated_incidents": [],
        }

    def contact_methods(self, user: PagerDutyUser) -> list[JSON]:
        phone = {"address": user.phone, "country_code": 1, "enabled": True, "blacklisted": False}
        return [
            self._contact(user, "email", {"address": user.email, "send_short_email": False}),
            self._contact(user, "phone", phone),
            self._contact(user, "sms", phone),
        ]

    def _contact(self, user: PagerDutyUser, kind: str, details: JSON) -> JSON:
        ident = f"{user.id}{kind[0].upper()}"
        own = f"{self._url()}/users/{user.id}/contact_methods/{ident}"
        head = {"id": ident, "type": f"{kind}_contact_method", "summary": "Session", "self": own}
        return {**head, "html_url": None, "label": "Session", **details}

    # --- services, policies, schedules

    def service(self, service: PagerDutyService) -> JSON:
        policy = self._account.policies[service.policy]
        return {
            **self._head("service", service.id, service.name),
            "name": service.name,
            "description": f"Pages whoever is on call for {service.name}",
            "status": "active",
            "auto_resolve_timeout": 14400,
            "acknowledgement_timeout": int(service.acknowledgement_timeout.total_seconds()),
            "created_at": "2025-01-06T09:00:00Z",
            "alert_creation": "create_alerts_and_incidents",
            "escalation_policy": self.policy_reference(policy),
            "teams": [],
            "integrations": [],
            "incident_urgency_rule": {"type": "constant", "urgency": "high"},
            "scheduled_actions": [],
        }

    def policy(self, policy: PagerDutyPolicy) -> JSON:
        services = [s for s in self._account.services.values() if s.policy == policy.id]
        return {
            **self._head("escalation_policy", policy.id, policy.name),
            "name": policy.name,
            "description": "",
            "num_loops": 0,
            "on_call_handoff_notifications": "if_has_services",
            "escalation_rules": [self._rule(policy, level) for level in range(1, len(policy.levels) + 1)],
            "services": [self.reference("service", s.id, s.name) for s in services],
            "teams": [],
        }

    def _rule(self, policy: PagerDutyPolicy, level: int) -> JSON:
        minutes = int(policy.delay.total_seconds() // 60)
        target = self.target(policy.levels[level - 1])
        return {"id": f"{policy.id}L{level}", "escalation_delay_in_minutes": minutes, "targets": [target]}

    def target(self, ident: str) -> JSON:
        schedule = self._account.schedules.get(ident)
        return self.schedule_reference(schedule) if schedule else self.agent(ident)

    def schedule(self, schedule: PagerDutySchedule) -> JSON:
        policies = [p for p in self._account.policies.values() if schedule.id in p.levels]
        return {
            **self._head("schedule", schedule.id, schedule.name),
            "name": schedule.name,
            "description": "",
            "time_zone": "Etc/UTC",
            "escalation_policies": [self.policy_reference(policy) for policy in policies],
            "users": [self.agent(user) for user in schedule.users],
            "teams": [],
        }

    def rendered_schedule(
        self, schedule: PagerDutySchedule, since: datetime, until: datetime, *, cut: bool
    ) -> JSON:
        """Return a schedule with its entries between two times, cut to them unless `overflow` is set."""

        def rendered(shifts: list[ScheduleShift]) -> JSON:
            inside = clipped(shifts, since, until)
            covered = sum((shift.end - shift.start).total_seconds() for shift in inside)
            entries = [self.shift(shift) for shift in (inside if cut else shifts)]
            share = 100 * covered / max((until - since).total_seconds(), 1)
            return {"rendered_schedule_entries": entries, "rendered_coverage_percentage": round(share, 1)}

        overrides = [o.shift for o in schedule.overrides if o.shift.overlaps(since, until)]
        return {
            **self.schedule(schedule),
            "schedule_layers": [{**self._layer(schedule), **rendered(schedule.turns(since, until))}],
            "overrides_subschedule": {"name": "Overrides", **rendered(overrides)},
            "final_schedule": {"name": "Final Schedule", **rendered(schedule.final(since, until))},
        }

    def _layer(self, schedule: PagerDutySchedule) -> JSON:
        return {
            "id": f"{schedule.id}L",
            "name": "Layer 1",
            "start": time_of(schedule.start),
            "rotation_virtual_start": time_of(schedule.start),
            "rotation_turn_length_seconds": int(TURN.total_seconds()),
            "users": [{"user": self.agent(user)} for user in schedule.users],
            "restrictions": [],
        }

    def shift(self, shift: ScheduleShift) -> JSON:
        return {"start": time_of(shift.start), "end": time_of(shift.end), "user": self.agent(shift.user)}

    def override(self, override: ScheduleOverride) -> JSON:
        return {"id": override.id, **self.shift(override.shift)}

    # --- incidents

    def incident_reference(self, incident: PagerDutyIncident) -> JSON:
        return self.reference("incident", incident.id, _summary(incident))

    def incident(self, incident: PagerDutyIncident) -> JSON:
        return {
            **self._head("incident", incident.id, _summary(incident)),
            "incident_number": incident.number,
            "title": incident.title,
            "description": incident.title,
            "created_at": time_of(incident.created_at),
            "updated_at": time_of(incident.updated_at),
            "status": incident.status,
            "incident_key": incident.key,
            "service": self.agent(incident.service.id),
            "assignments": [
                {"at": time_of(at), "assignee": self.agent(user)} for user, at in incident.assigned.items()
            ],
            "assigned_via": incident.assigned_via,
            "last_status_change_at": time_of(incident.changed_at),
            "last_status_change_by": self.agent(incident.changed_by),
            "resolved_at": time_of(incident.resolved_at) if incident.resolved_at else None,
            "first_trigger_log_entry": _as_reference(self.log_entry(incident, incident.log[0])),
            "alert_counts": {"all": 0, "triggered": 0, "resolved": 0},
            "is_mergeable": True,
            "escalation_policy": self.policy_reference(incident.policy),
            "teams": [],
            "pending_actions": [],
            "acknowledgements": [
                {"at": time_of(at), "acknowledger": self.agent(user)}
                for user, at in incident.acknowledged.items()
            ],
            "incidents_responders": [],
            "responder_requests": [],
            "urgency": incident.urgency,
            **({"resolve_reason": self._reason(incident)} if incident.merged_into else {}),
        }

    def _reason(self, incident: PagerDutyIncident) -> JSON | None:
        """Return the resolve reason. PagerDuty gives one only after a merge."""
        if incident.merged_into is None:
            return None
        return {"type": "merge_resolve_reason", "incident": self.incident_reference(incident.merged_into)}

    def log_entry(self, incident: PagerDutyIncident, entry: IncidentLogEntry) -> JSON:
        users = [self.agent(user) for user in entry.users]
        to_whom: JSON = {"assignees": users} if entry.kind in ("assign", "escalate") else {}
        if entry.kind == "notify":
            to_whom = {"user": users[0]}
        own = self._head("log_entry", entry.id, f"{entry.kind.capitalize()} through the API")
        return {
            **own,
            "type": f"{entry.kind}_log_entry",
            "created_at": time_of(entry.at),
            "agent": self.agent(entry.agent),
            "channel": self._channel(entry),
            "service": self.agent(incident.service.id),
            "incident": self.incident_reference(incident),
            "teams": [],
            "contexts": [],
            "event_details": {"description": incident.title},
            **({"note": entry.note} if entry.note else {}),
            **to_whom,
        }

    def _channel(self, entry: IncidentLogEntry) -> JSON:
        if entry.kind == "notify":
            return {"type": "auto", "notification": {"type": "push_notification", "status": "success"}}
        return {"type": "note", "summary": entry.note} if entry.note else {"type": "api"}

    def note(self, entry: IncidentLogEntry) -> JSON:
        return {
            "id": entry.id,
            "user": self.agent(entry.agent),
            "channel": {"summary": "The PagerDuty website or APIs"},
            "content": entry.note,
            "created_at": time_of(entry.at),
        }

    def change_event(self, change: ChangeEvent) -> JSON:
        """Return a change event. Its references have no names, as recorded from PagerDuty."""
        return {
            "id": change.id,
            "type": "change_event",
            "summary": change.summary,
            "timestamp": time_of(change.at),
            "source": change.source,
            "services": [{"id": change.service, "summary": None, "type": "service_reference"}],
            "integration": {"id": "P0Z3BFB", "summary": None, "type": "inbound_integration_reference"},
            "links": [{"href": change.link, "text": "View more details"}],
            "images": [],
            "custom_details": {},
        }

    def on_call(
        self, policy: PagerDutyPolicy, level: int, shift: ScheduleShift | None, include: Iterable[str]
    ) -> JSON:
        """Return an on-call entry. Without a shift it is for a user who is always on call."""
        target = policy.levels[level - 1]
        schedule = self._account.schedules.get(target)
        user = self._account.users[shift.user if shift else target]
        return {
            "escalation_policy": self.policy(policy)
            if "escalation_policies" in include
            else self.policy_reference(policy),
            "escalation_level": level,
            "schedule": self.schedule_reference(schedule) if schedule else None,
            "user": self.user(user) if "users" in include else self.agent(user.id),
            "start": time_of(shift.start) if shift else None,
            "end": time_of(shift.end) if shift else None,
        }

    # --- webhooks, version 3

    def webhook(
        self, incident: PagerDutyIncident, event: str, *, by: str, event_id: str, at: datetime
    ) -> JSON:
        own = self.incident(incident)
        kept = ("id", "type", "self", "html_url", "status", "incident_key", "created_at", "title", "service")
        return {
            "event": {
                "id": event_id,
                "event_type": f"incident.{event}",
                "resource_type": "incident",
                "occurred_at": at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "agent": self.agent(by),
                "client": None,
                "data": {
                    **{key: own[key] for key in kept},
                    "number": incident.number,
                    "assignees": [self.agent(user) for user in incident.assigned],
                    "escalation_policy": own["escalation_policy"],
                    "teams": [],
                    "priority": None,
                    "urgency": incident.urgency,
                    "conference_bridge": None,
                    "resolve_reason": self._reason(incident),
                },
            }
        }


def _summary(incident: PagerDutyIncident) -> str:
    return f"[#{incident.number}] {incident.title}"


def _as_reference(whole: JSON) -> dict[str, Any]:
    head = {key: whole[key] for key in ("id", "summary", "self", "html_url")}
    return {**head, "type": f"{whole['type']}_reference"}
