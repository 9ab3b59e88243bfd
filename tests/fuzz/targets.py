"""What is fed: the router with every plugin and template, Slack's payloads, webhooks, and the pages of the web port."""

import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any
from urllib.parse import urlencode

from bot.adapters.changes import webhook as of_tools
from bot.adapters.github import webhook as of_github
from bot.adapters.pagerduty import webhook as of_pagerduty
from bot.adapters.rendering.overrides import Folders
from bot.adapters.runbooks import FolderRunbooks, RunbookPages
from bot.adapters.slack import blocks
from bot.adapters.slack.chat import SlackChat
from bot.adapters.slack.client import PooledWebClient
from bot.adapters.slack.inbound import answer_envelope, answer_http, build_app
from bot.app.settings import load
from bot.commands.request import Notice, Request, Response, Source
from bot.domain.changes.change import Change
from bot.domain.effects import Post, PostEphemeral, Respond, UpsertMessage
from bot.domain.message import Message
from bot.ports import TrackerNews
from bot.testing import FrozenClock, SpyKit
from bot.web import webhooks
from tests.adapters.test_pagerduty_webhook import signed as signed_by_pagerduty
from tests.adapters.test_pagerduty_webhook import webhook
from tests.adapters.test_slack_inbound import SLASH
from tests.fuzz import mutation
from tests.support import samples
from tests.support.folders import PLUGINS, ROOT, TEMPLATES
from tests.support.templates import shipped
from tests.web.test_foreign import TOLD
from tests.web.test_slack_odd import EVENTS, INTERACTIONS, OTHERS

SECRET = "hush-hush"
SLASHES = ("/spy", "/incident", "/page", "/oncall", "/failover", "/postmortem", "/runbook", "/nothing")
PEOPLE = ("U0ANA", "U0RAJ", "U0KIM", "U0GUEST")
CHANNELS = ("C0INC1", "C0INC2", "C0GENERAL", "D0ANA", None)
SOURCES = (Source.SLASH, Source.MENTION, Source.PLAIN, Source.DM, Source.BUTTON, Source.TERMINAL)
LIVE = re.compile(r"<!(?:channel|here|everyone|subteam)\b", re.IGNORECASE)
"""What notifies many people. Whoever types a mention of one person, or a link, means it."""
FOREIGN = re.compile(rf"{LIVE.pattern}|<[@#]\w*EVIL|<(?:https?|mailto):[^<>|]*evil", re.IGNORECASE)
"""What a webhook must not bring about either."""


@dataclass(frozen=True)
class Input:
    """One input: what it is in a few words, how to feed it, and what must not be live in the messages it makes."""

    target: str
    shown: str
    feed: Callable[[], Iterator[str]]
    live: re.Pattern[str] = LIVE


class Targets:
    """Spy in memory, with an incident, a private one, a page and a change. `fresh` gives a copy of it."""

    def __init__(self) -> None:
        clock = FrozenClock()
        runbooks = FolderRunbooks([TEMPLATES / "runbooks"])
        policy = load(ROOT / "config.example.yaml", {}).policy()
        self._base = SpyKit(PLUGINS, policy=policy, templates=shipped(clock), clock=clock, runbooks=runbooks)
        self._usages = [it.usage for it in self._base.registry.commands]
        self._pages = RunbookPages(runbooks, Folders([TEMPLATES]))
        self._github = {name: samples.recent(name, clock.now()) for name in samples.names()}
        self._slack = SlackChat(PooledWebClient(token="xoxb-1", base_url="http://127.0.0.1:9/api/"), clock)
        self._count = 0
        self._prepare()
        self.fresh()
        self._kit.say("incident tldr", channel="C0INC1")
        list(self.messages_left())  # each template is compiled once, which takes longer than any input

    def _prepare(self) -> None:
        kit = self._base
        kit.meet(U0ANA="Ana Lima", U0RAJ="Raj <!channel> Patel", U0KIM="Kim Park")
        kit.say('incident me "checkout is down" sev1')
        kit.say('incident me "keys are out" sev2 private')
        for number in (1, 2):
            kit.create_channel(number, channel=f"C0INC{number}")
        kit.say('change "flag on" on checkout', channel="C0INC1")
        kit.say('incident action "look at it" @raj recovery', channel="C0INC1")

    def fresh(self) -> None:
        """Forget what earlier inputs did."""
        self._kit = self._base.restarted()
        self._app = build_app(
            _Routed(self._kit), self._slack, signing_secret=SECRET, api_url="http://127.0.0.1:9/api/"
        )
        backend = webhooks.Backend(
            sessions=self._kit.sessions, clock=self._kit.clock, policy=lambda: self._kit.policy, wake=_nothing
        )
        self._lock = webhooks.locks(backend, with_facts=True)
        self._webhooks = {
            "github": webhooks.tracker(backend, "github", self._of_github, repr),
            "pagerduty": webhooks.pager(backend, "pagerduty", self._of_pagerduty),
            "changes": webhooks.changes(backend, self._of_tools),
        }

    live = LIVE

    def messages_left(self) -> Iterator[str]:
        """Everything that the inputs since `fresh` answered and left in channels, as it looks now."""
        for effect in self._kit.effects:
            if isinstance(effect, Post | PostEphemeral | Respond):
                yield _shown(effect.message)
        shown = {it.slot: it for it in self._kit.asked(UpsertMessage)}
        for it in shown.values():
            yield _shown(self._kit.message_type(it.message_type, it.ref, it.mark))
        for number in (1, 2, 3):
            yield from self._kit.lines(number)

    # --- inputs

    def input(self, rng: Random) -> Input:
        self._count += 1
        made: Callable[[Random], Input] = rng.choices(
            (self._command, self._payload, self._webhook, self._page), weights=(55, 25, 17, 3)
        )[0]
        return made(rng)

    def _words(self, rng: Random) -> str:
        return mutation.command(rng, self._usages)

    def _command(self, rng: Random) -> Input:
        words = self._words(rng)
        kinds = {"by": rng.choice(PEOPLE), "channel": rng.choice(CHANNELS), "source": rng.choice(SOURCES)}
        trigger = str(self._count) if rng.random() < 0.3 else None

        def feed() -> Iterator[str]:
            yield from _answered(self._kit.say(words, trigger=trigger, **kinds))

        return Input("router", f"{kinds['source']}: {words}", feed)

    def _payload(self, rng: Random) -> Input:
        words = partial(self._words, rng)
        kind = rng.choice(("slash", "event", "interaction", "other"))
        if kind == "slash":
            base: Any = SLASH | {
                "text": words(),
                "command": rng.choice(SLASHES),
                "trigger_id": str(self._count),
            }
        elif kind == "event":
            base = {
                "type": "event_callback",
                "event_id": f"Ev{self._count}",
                "event_time": 1,
                "team_id": "T0SPY",
            }
            base |= {"event": rng.choice(list(EVENTS.values())), "authorizations": [{"user_id": "U0SPY"}]}
        else:
            base = rng.choice(list((INTERACTIONS if kind == "interaction" else OTHERS).values()))
            base = base | {"trigger_id": str(self._count)}
        body = mutation.payload(rng, base, words)
        send = self._sent if rng.random() < 0.5 else self._enveloped
        return Input(f"slack {kind}", json.dumps(body), partial(send, kind, body))

    def _enveloped(self, _kind: str, body: Any) -> Iterator[str]:
        answer = answer_envelope(self._app, body)
        yield _read_by_slack(answer.body)

    def _sent(self, kind: str, body: Any) -> Iterator[str]:
        coded = json.dumps(body)
        if kind == "slash":
            coded = urlencode({name: str(value) for name, value in body.items()}, errors="replace")
        elif kind != "event":
            coded = urlencode({"payload": coded})
        raw, at = coded.encode(), str(int(time.time()))
        digest = hmac.new(SECRET.encode(), b"v0:%s:%s" % (at.encode(), raw), hashlib.sha256).hexdigest()
        headers = {"x-slack-request-timestamp": at, "x-slack-signature": f"v0={digest}"}
        headers["content-type"] = (
            "application/json" if kind == "event" else "application/x-www-form-urlencoded"
        )
        answer = answer_http(self._app, raw, headers)
        yield _read_by_slack(answer.body.decode())

    def _webhook(self, rng: Random) -> Input:
        name = rng.choice(list(self._webhooks))
        words = partial(self._words, rng)
        event = rng.choice(list(self._github))
        base: Any = {
            "github": self._github[event],
            "changes": TOLD | {"id": str(self._count), "at": "2026-11-23T11:30:00Z"},
            "pagerduty": json.loads(webhook(id=f"E{self._count}")),
        }[name]
        body = json.dumps(mutation.payload(rng, base, words)).encode()
        if rng.random() < 0.03:
            body = body[: rng.randint(0, len(body))]
        handler, headers = self._webhooks[name], _signed(name, event, body)

        def feed() -> Iterator[str]:
            yield str(handler(body, headers).body)
            yield from _answered(self._kit.say("changes", channel="C0INC1"))

        return Input(f"webhook {name}", body.decode(errors="replace"), feed, FOREIGN)

    def _page(self, rng: Random) -> Input:
        name = mutation.text(rng, rng.choice(("checkout", "restart-db", "", self._words(rng))))
        query = {mutation.text(rng, "service"): self._words(rng), "region": rng.choice(mutation.HOSTILE)}

        def feed() -> Iterator[str]:
            yield str(self._lock(name, query).body)
            yield self._pages.one(name, query).html if name else self._pages.all().html

        return Input("page", f"{name} {query}", feed, re.compile("<script>|javascript:"))

    # --- what the web port reads

    def _of_github(self, body: bytes, headers: Mapping[str, str]) -> TrackerNews | None:
        of_github.check(body, headers["signature"], SECRET)
        now = self._kit.clock.now()
        return of_github.news(headers["event"], body, service_of=self._kit.policy.service_of, heard_at=now)

    def _of_pagerduty(self, body: bytes, headers: Mapping[str, str]) -> Any:
        return of_pagerduty.news(body, headers["signature"], [SECRET])

    def _of_tools(self, body: bytes, headers: Mapping[str, str]) -> Change:
        return of_tools.news(body, signature=headers["signature"], heard_at=self._kit.clock.now())


@dataclass(frozen=True)
class _Routed:
    """The kit's router, as Slack's adapter calls it."""

    kit: SpyKit

    def answer(self, request: Request) -> Response:
        return self.kit.request(request)

    def notice(self, notice: Notice) -> None:
        self.kit.notice(notice)


def _signed(name: str, event: str, body: bytes) -> Mapping[str, str]:
    if name == "github":
        return {"event": samples.event(event), "signature": samples.signed(body, SECRET)}
    return {"signature": signed_by_pagerduty(body, SECRET), "x-spy-signature": str(hash(body))}


def _answered(response: Response) -> Iterator[str]:
    yield _shown(response.message) if response.message else ""


def _shown(message: Message) -> str:
    """Return what Slack reads for markup in a message: neither plain text nor the values of buttons."""
    return _read_by_slack(json.dumps(blocks.payload(message)))


def _read_by_slack(body: str) -> str:
    if not body.startswith("{"):
        return body
    sent = json.loads(body)
    return "\n".join((sent.get("text", ""), *_marked_up(sent)))


def _marked_up(part: Any) -> Iterator[str]:
    if isinstance(part, list):
        for it in part:
            yield from _marked_up(it)
    elif isinstance(part, dict):
        if part.get("type") == "mrkdwn":
            yield part["text"]
        yield from _marked_up(list(part.values()))


def _nothing() -> None:
    """Wake nobody."""
