"""Answers deploy tools: 200 if a service may be deployed, 423 (Locked) if not; with the token also who and why.

404 for a name that is no service of `services:`, so that a misspelt name is never taken for one that is free.
"""

import json
from collections.abc import Mapping

from bot.domain.service import found, likeliest, service_name
from bot.domain.spelling import did_you_mean
from bot.services.changes.locks import Locks
from bot.web.answer import Page, WebAnswer
from bot.web.webhooks.backend import Backend

SAID_TO_ALL = ("service", "locked")


def locks(backend: Backend, *, with_facts: bool) -> Page:
    """Return the page of one service's lock. `with_facts` it says who set it, when and why."""

    def handle(name: str, _query: Mapping[str, str]) -> WebAnswer:
        service = service_name(name)
        if service is None:
            return WebAnswer(
                status=400, body="A service's name has letters or digits, as in /locks/checkout.\n"
            )
        policy = backend.policy()
        if listed := found(service, policy.services):
            service = listed.key
        may_exist = not policy.services or listed or any(it.may_lock(service) for it in policy.plans.values())
        return _state(backend, service, with_facts=with_facts, may_exist=bool(may_exist))

    return handle


def _state(backend: Backend, service: str, *, with_facts: bool, may_exist: bool) -> WebAnswer:
    with backend.sessions.read() as session:
        lock = Locks(backend.transaction(session, "deploy")).of(service)
        person = session.people.get(lock.by) if lock and lock.by else None
    if lock is None and not may_exist:
        meant = did_you_mean(likeliest(service, backend.policy().services)) if with_facts else ""
        return WebAnswer(status=404, body=f"There is no service {service}.{meant}\n")
    facts = {
        "service": service,
        "locked": lock is not None,
        "by": (lock.runs or (person.name if person else lock.by)) if lock else None,
        "since": lock.since.isoformat() if lock else None,
        "why": lock.why if lock else None,
    }
    shown = facts if with_facts else {name: facts[name] for name in SAID_TO_ALL}
    body = json.dumps(shown, ensure_ascii=False) + "\n"
    headers = {"content-type": "application/json", "cache-control": "no-store"}
    return WebAnswer(status=423 if lock else 200, headers=headers, body=body)
