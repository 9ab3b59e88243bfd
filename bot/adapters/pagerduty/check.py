"""Check PagerDuty for `spy check`: the token, the From address, and each id and e-mail in the configuration."""

from collections.abc import Collection, Iterator

from bot.adapters.pagerduty.client import PagerDuty
from bot.adapters.pagerduty.schedules import ScheduleKind
from bot.config.vendors import PagerIds
from bot.ports import CheckResult, Rejected, Throttled, Unreachable


def results(pager: PagerDuty, ids: PagerIds) -> Iterator[CheckResult]:
    """Check the token, the From address and each id and e-mail in the configuration.

    Each failed result says how to fix it.
    """
    try:
        sender = pager.user_with(pager.sender)
    except (Unreachable, Throttled, Rejected) as trouble:
        yield CheckResult(what="PagerDuty token", well=False, cure=_cure(trouble))
        return
    yield CheckResult(what="PagerDuty token", well=True)
    yield CheckResult(
        what=f"PagerDuty user {pager.sender}",
        well=sender is not None,
        cure="" if sender else "Set pagerduty.from in config.yaml to the e-mail of a PagerDuty user.",
    )
    yield from _presences(pager, "service", "services", ids.services)
    yield from _presences(pager, "escalation policy", "escalation_policies", ids.policies)
    yield from (_schedule(pager, ident) for ident in sorted(ids.schedules))
    yield from _presences(pager, "user", "users", ids.users)
    yield from (_account(pager, email) for email in sorted(ids.emails))
    yield _log(pager)


def _log(pager: PagerDuty) -> CheckResult:
    what = "PagerDuty log: who was paged, for oncall load and the ledger"
    try:
        pager.must_read_log()
    except (Unreachable, Throttled, Rejected) as trouble:
        return CheckResult(what=what, well=False, cure=_cure(trouble))
    return CheckResult(what=what, well=True)


def _account(pager: PagerDuty, email: str) -> CheckResult:
    what = f"PagerDuty user {email}"
    try:
        found = pager.user_with(email)
    except (Unreachable, Throttled, Rejected) as trouble:
        return CheckResult(what=what, well=False, cure=_cure(trouble))
    cure = "" if found else "Set this e-mail in people: of config.yaml to that of a PagerDuty user."
    return CheckResult(what=what, well=found is not None, cure=cure)


def _schedule(pager: PagerDuty, ident: str) -> CheckResult:
    """Check a schedule, and say which kind it is."""
    what = f"PagerDuty schedule {ident}"
    try:
        kind = pager.schedule_kind(ident)
    except (Unreachable, Throttled, Rejected) as trouble:
        return CheckResult(what=what, well=False, cure=_missing("schedule", trouble))
    if kind is not ScheduleKind.ON_CALLS:
        return CheckResult(what=f"{what} ({kind})", well=True)
    cure = (
        "PagerDuty refuses this schedule, so Spy reads who is on call but can't enter covers. "
        "Use a REST API key with full access, or ask PagerDuty for access to the API of shift-based schedules."
    )
    return CheckResult(what=f"{what} ({kind})", well=False, cure=cure)


def _presences(pager: PagerDuty, what: str, path: str, idents: Collection[str]) -> Iterator[CheckResult]:
    for ident in sorted(idents):
        try:
            pager.must_have(path, ident)
        except (Unreachable, Throttled, Rejected) as trouble:
            cure = _missing(what, trouble)
            yield CheckResult(what=f"PagerDuty {what} {ident}", well=False, cure=cure)
        else:
            yield CheckResult(what=f"PagerDuty {what} {ident}", well=True)


def _missing(what: str, trouble: Exception) -> str:
    """Return what to do about an id that PagerDuty refuses."""
    if isinstance(trouble, Rejected) and trouble.code == "not_found":
        return f"Take the id from the end of the {what}'s address in PagerDuty."
    return _cure(trouble)


def _cure(trouble: Exception) -> str:
    """Return what to do about an error of a request."""
    if isinstance(trouble, Unreachable):
        return f"{trouble}. Is PAGERDUTY_API_URL right, and the network open?"
    return str(trouble)
