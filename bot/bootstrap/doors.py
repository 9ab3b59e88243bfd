"""The doors of the web: each believes its caller's signature first, then acts in one transaction, once a delivery."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial

import structlog

from bot.adapters import changes_webhook, github_webhook, pagerduty_webhook
from bot.adapters.slack.inbound import App, answer_http
from bot.bootstrap.build import Bot
from bot.bootstrap.manifest import manifest
from bot.domain.change import Change, service_name
from bot.ports import (
    Conflict,
    IssueNews,
    Moved,
    OutOfTime,
    PagerNews,
    Rejected,
    Session,
    TimeLimit,
    Unavailable,
)
from bot.services.changes import Changes
from bot.services.follow_ups import FollowUps
from bot.services.locks import Locks
from bot.services.paging import Paging
from bot.services.postmortems import Postmortems
from bot.services.retry import retry_on_conflict
from bot.services.transaction import Transaction
from bot.web import Handler, Page, WebAnswer, arrived_at

log = structlog.get_logger()

ACTED_WITHIN = 5.0
"""Seconds in which a webhook must have its turn; who sends one waits about ten."""
_DELIVERY = re.compile(r"[\w-]{1,100}", re.ASCII)
_ENTRIES = 20
_NOTHING = WebAnswer(status=202, body="Nothing in it that Spy keeps.\n")
_KEPT = WebAnswer(status=202, body="Kept.\n")
_KNOWN = WebAnswer(status=202, body="Known already.\n")


def slack_door(app: App) -> Handler:
    def door(body: bytes, headers: Mapping[str, str]) -> WebAnswer:
        answer = answer_http(app, body, headers, arrived_at=arrived_at())
        return WebAnswer(status=answer.status, headers=answer.headers, body=answer.body)

    return door


def pagerduty_door(bot: Bot) -> Handler | None:
    """None where no secret is set: what can't be believed is not let in."""
    secret = bot.settings.env.pagerduty_webhook_secret.get_secret_value()

    def door(body: bytes, headers: Mapping[str, str]) -> WebAnswer:
        try:
            heard = pagerduty_webhook.news(body, headers.get("x-pagerduty-signature", ""), [secret])
        except Rejected as rejected:
            return _refused(rejected)
        return _in_time(partial(_hear_pager, bot, heard)) if heard else _NOTHING

    return door if secret else None


def _hear_pager(bot: Bot, heard: PagerNews, limit: TimeLimit) -> WebAnswer:
    with bot.database.begin(limit) as session:
        if session.inbound.remember(f"pagerduty:{heard.id}", at=bot.clock.now()) is not None:
            return _KNOWN
        Paging(_transaction(bot, session, "pagerduty")).heard(heard)
    bot.delivery.wake()
    return _KEPT


def github_door(bot: Bot) -> Handler | None:
    """None where no secret is set."""
    secret = bot.settings.env.github_webhook_secret.get_secret_value()

    def door(body: bytes, headers: Mapping[str, str]) -> WebAnswer:
        try:
            github_webhook.check(body, headers.get("x-hub-signature-256", ""), secret)
            heard = github_webhook.news(
                headers.get("x-github-event", ""),
                body,
                service_of=bot.live.policy().service_of,
                heard_at=bot.clock.now(),
            )
        except Rejected as rejected:
            return _refused(rejected)
        if heard is None:
            return _NOTHING
        return _in_time(partial(_hear_github, bot, heard, _delivery(body, headers)))

    return door if secret else None


def _delivery(body: bytes, headers: Mapping[str, str]) -> str:
    """Give GitHub's own name of the delivery, the same when it is sent again; else one made of the body."""
    named = headers.get("x-github-delivery", "")
    return f"github:{named if _DELIVERY.fullmatch(named) else hashlib.sha256(body).hexdigest()}"


def _hear_github(bot: Bot, heard: github_webhook.Heard, delivery: str, limit: TimeLimit) -> WebAnswer:
    with bot.database.begin(limit) as session:
        if session.inbound.remember(delivery, at=bot.clock.now()) is not None:
            return _KNOWN
        tx = _transaction(bot, session, "github")
        match heard:
            case Change():
                Changes(tx).hear(heard)
            case IssueNews():
                if not FollowUps(tx).heard(heard):
                    return _NOTHING
            case Moved():
                Postmortems(tx).moved(heard)
    bot.delivery.wake()
    return _KEPT


def changes_door(bot: Bot) -> Handler | None:
    """None where no secret is set."""
    secret = bot.settings.env.changes_webhook_secret.get_secret_value()

    def door(body: bytes, headers: Mapping[str, str]) -> WebAnswer:
        now, signature = bot.clock.now(), headers.get("x-spy-signature", "")
        timestamp = headers.get("x-spy-timestamp", "")
        try:
            changes_webhook.check(
                body,
                timestamp=timestamp,
                signature=signature,
                secret=secret,
                now=now,
                ahead=bot.chat.clock.ahead,
            )
            heard = changes_webhook.news(body, signature=signature, heard_at=now)
        except Rejected as rejected:
            return _refused(rejected)
        return _in_time(partial(_hear_tool, bot, heard, signature))

    return door if secret else None


def _hear_tool(bot: Bot, heard: Change, signature: str, limit: TimeLimit) -> WebAnswer:
    with bot.database.begin(limit) as session:
        if session.inbound.remember(f"changes:{signature}", at=bot.clock.now()) is not None:
            return _KNOWN
        kept = Changes(_transaction(bot, session, "changes")).hear(heard)
    return WebAnswer(status=202, body=f"Kept as change {kept.number} of {kept.service}.\n")


def locks_door(bot: Bot) -> Page:
    """Answer deploy tools: 200 where a service may be deployed, 423 (Locked) where not, with the same facts."""

    def door(name: str, _query: Mapping[str, str]) -> WebAnswer:
        service = service_name(name)
        if service is None:
            return WebAnswer(
                status=400, body="A service's name has letters or digits, as in /locks/checkout.\n"
            )
        return _locked(bot, service)

    return door


def _locked(bot: Bot, service: str) -> WebAnswer:
    with bot.database.read() as session:
        lock = Locks(_transaction(bot, session, "deploy")).of(service)
        person = session.people.get(lock.by) if lock and lock.by else None
    facts = {
        "service": service,
        "locked": lock is not None,
        "by": (lock.runs or (person.name if person else lock.by)) if lock else None,
        "since": lock.since.isoformat() if lock else None,
        "why": lock.why if lock else None,
    }
    body = json.dumps(facts, ensure_ascii=False) + "\n"
    headers = {"content-type": "application/json", "cache-control": "no-store"}
    return WebAnswer(status=423 if lock else 200, headers=headers, body=body)


def outbox_door(bot: Bot) -> Page:
    """Show a plugin's author what became of its effects, but not in production: lanes name private channels."""

    def door(_name: str, _query: Mapping[str, str]) -> WebAnswer:
        with bot.database.read() as session:
            entries = session.outbox.latest(limit=_ENTRIES)
        body = json.dumps([asdict(it) | {"due_at": it.due_at.isoformat()} for it in entries]) + "\n"
        headers = {"content-type": "application/json", "cache-control": "no-store"}
        return WebAnswer(headers=headers, body=body)

    return door


def manifest_door(bot: Bot) -> Page:
    """Tell the demo what Slack would know of the app: its commands, events and scopes."""

    def door(_name: str, _query: Mapping[str, str]) -> WebAnswer:
        return WebAnswer(headers={"content-type": "application/json"}, body=manifest(bot.settings))

    return door


def _in_time(act: Callable[[TimeLimit], WebAnswer]) -> WebAnswer:
    """Act on what was told, or let it be sent again: nothing of it is kept then."""
    limit = TimeLimit.of(ACTED_WITHIN)
    try:
        return retry_on_conflict(lambda: act(limit))
    except (Unavailable, Conflict, OutOfTime) as error:
        log.warning("what a webhook told was not kept", why=str(error) or type(error).__name__)
        return WebAnswer(
            status=503, body="Spy's database does not answer. Nothing was kept; send it again.\n"
        )


def _refused(rejected: Rejected) -> WebAnswer:
    return WebAnswer(status=401 if rejected.code == "signature" else 400, body=f"{rejected}\n")


def _transaction(bot: Bot, session: Session, source: str) -> Transaction:
    return Transaction(session=session, now=bot.clock.now(), policy=bot.live.policy(), source=source)
