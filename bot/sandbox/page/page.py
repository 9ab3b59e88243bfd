"""The page's HTTP endpoints."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from bot.sandbox import Box
from bot.sandbox.github.shapes import REPOSITORY
from bot.sandbox.mail.mailbox import DOMAIN, Mailbox
from bot.sandbox.page.actions import HEALTHS, PageActions, Refused
from bot.sandbox.page.channels import ChannelViews, MessageView
from bot.sandbox.page.events import PageEvents
from bot.sandbox.page.inspector import Inspector, laid_out
from bot.sandbox.page.location import HOME, PageLocation
from bot.sandbox.page.oncall import OnCallView
from bot.sandbox.page.rendering import PageTemplates
from bot.sandbox.page.switches import FaultSwitches
from bot.sandbox.server.gateway import Mount
from bot.sandbox.server.server import AnyResponse, HttpRequest, HttpResponse
from bot.sandbox.sites.sites import Sites
from bot.sandbox.slack.emoji import BY_NAME
from bot.sandbox.slack.own_commands import OWN_COMMANDS
from bot.sandbox.stories.player import StoryFocus, StoryPlayer

STATIC = Path(__file__).parent / "static"
KINDS = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".woff2": "font/woff2",
}
TITLES = (
    ("phones", "Phones"),
    ("oncall", "On call"),
    ("sites", "Sites"),
    ("github", "GitHub"),
    ("mail", "Mail"),
    ("statuspage", "Statuspage"),
    ("inspector", "Inspector"),
)
STARTS = (
    ("open", "", "alarm", "Open a sev1", "Spy makes the channel and the card, and pages who is on call."),
    (
        "story",
        "1_a_good_one",
        "play",
        "Play a good incident",
        "A story of one minute, from the first alarm to the end.",
    ),
    (
        "story",
        "3_a_failover",
        "swap",
        "Fail over east → west",
        "Raj approves. Then Spy moves the traffic, step by step.",
    ),
)
"""The first screen: action, its name, icon, title, and what happens. The last needs sites."""
REGIONS = frozenset({"toolbar", "caption", "sidebar", "head", "composer", "home", "chat", "dock", "modal"})
WORKERS = 16
HEADERS = (
    ("cache-control", "no-cache"),
    (
        "content-security-policy",
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
    ("cross-origin-opener-policy", "same-origin"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
)
Facts = dict[str, Any]
Handler = Callable[[HttpRequest, str], AnyResponse]
"""Answers a request. The second argument is the path behind its first part."""


@dataclass(frozen=True, kw_only=True)
class OfferedCommand:
    """A slash command in the list of completions."""

    name: str
    about: str
    usage: str = ""


OF_SLACK = tuple(
    OfferedCommand(name=name, about=it.about, usage=it.usage) for name, it in OWN_COMMANDS.items()
)


class SandboxPage:
    """Serves the page at the box's own address, as long as the box runs.

    Without `is_ready` it serves a waiting page until `learn` is called.
    """

    def __init__(self, box: Box, *, is_ready: bool = True) -> None:
        self._box = box
        self._channels = ChannelViews(box)
        self._oncall = OnCallView(box)
        self._inspector = Inspector(box)
        self._switches = FaultSwitches(box.faults)
        self._events = PageEvents(box)
        self._events.is_ready = is_ready
        self.player = StoryPlayer(box, on_change=self._follow_story)
        self._actions = PageActions(box, self.player, self._switches)
        self._templates = PageTemplates(people=self._channels.people, channels=lambda: box.slack.channels)
        self._commands: Sequence[OfferedCommand] = OF_SLACK
        self._has_home = False
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="sandbox-page")
        self._handlers: Mapping[tuple[str, str], Handler] = {
            ("GET", ""): self._whole,
            ("GET", "region"): self._region,
            ("GET", "messages"): self._messages,
            ("GET", "exchange"): self._exchange,
            ("GET", "words"): self._words,
            ("GET", "static"): _file,
            ("POST", "act"): self._act,
        }
        self._workers.submit(self._templates.warm)
        box.mount(Mount(prefix="/", service="", endpoint=self.answer, name=lambda _: ""))

    def learn(self, manifest: Mapping[str, Any]) -> None:
        """Install the app by its Slack manifest. Show its slash commands and its home tab."""
        self._box.slack.install(manifest)
        features = manifest.get("features", {})
        own = tuple(
            OfferedCommand(
                name=it["command"], about=it.get("description", ""), usage=it.get("usage_hint", "")
            )
            for it in features.get("slash_commands", ())
        )
        self._commands = (*own, *OF_SLACK)
        self._has_home = bool(features.get("app_home", {}).get("home_tab_enabled"))
        self._events.is_ready = True

    def close(self) -> None:
        self.player.stop()
        self._workers.shutdown(wait=False, cancel_futures=True)

    # --- endpoints

    def answer(self, request: HttpRequest) -> AnyResponse | Awaitable[AnyResponse]:
        first, _, rest = request.path[1:].partition("/")
        if (request.verb, first) == ("GET", "live"):
            return self._events.stream()
        return self._later(self._handlers.get((request.verb, first), _nowhere), request, rest)

    async def _later(self, handler: Handler, request: HttpRequest, rest: str) -> AnyResponse:
        """Answer in a thread, because the bot calls this server meanwhile."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._workers, _guarded, handler, request, rest)

    def _whole(self, request: HttpRequest, rest: str) -> HttpResponse:
        if rest:
            return _nowhere(request, rest)
        location = self._location(request.query)
        if not self._events.is_ready:
            return replace(self._render("waiting", location, {}), status=503)
        if location.place == HOME:
            self._box.slack.open_home(location.person)
        facts = self._facts(location) | self._beside(location) | self._above() | self._within(location)
        return self._render("page", location, facts)

    def _region(self, request: HttpRequest, name: str) -> HttpResponse:
        if name not in REGIONS:
            return _nowhere(request, name)
        location = self._location(request.query)
        facts = self._facts(location)
        facts |= self._above() if name in ("toolbar", "caption") else {}
        facts |= self._within(location) if name in ("chat", "home", "modal") else {}
        facts |= self._beside(location) if name == "dock" else {}
        return self._render(name, location, facts)

    def _messages(self, request: HttpRequest, _rest: str) -> HttpResponse:
        """Render some messages of a channel or thread, or those before a given one."""
        location, asked = self._location(request.query), parse_qs(request.query)
        channel, in_thread = self._channels.here(location), "in_thread" in asked
        lines, has_older = list[MessageView](), False
        if channel and "before" in asked:
            lines, has_older = self._channels.latest(location, channel, asked["before"][-1])
        elif channel:
            lines = self._channels.some(location, channel, asked.get("ts", ()), in_thread=in_thread)
            self._channels.reading.reads(self._channels.viewer(location), channel)
        more = {"lines": lines, "has_older": has_older, "in_thread": in_thread}
        return self._render("messages", location, self._facts(location) | more)

    def _exchange(self, request: HttpRequest, number: str) -> HttpResponse:
        it = self._inspector.exchange(int(number))
        facts = {"it": it, "sent": laid_out(it.body, it.content_type), "answered": laid_out(it.answer)}
        return self._render("exchange", self._location(request.query), facts)

    def _act(self, request: HttpRequest, name: str) -> HttpResponse:
        if not request.headers.get("content-type", "").startswith("application/json"):
            return _text(415, "An action is sent as JSON.")
        try:
            facts = json.loads(request.body)
        except ValueError:
            facts = None
        if not isinstance(facts, dict):
            return _text(400, "An action is sent as a JSON object.")
        location = self._location(request.query)
        try:
            place = self._actions.do(name, location.person, facts)
        except Refused as refused:
            return _json({"ok": False, "error": str(refused)})
        return _json({"ok": True} | ({"address": location.address(place=place)} if place else {}))

    # --- facts for the templates

    def _location(self, query: str) -> PageLocation:
        """Return the location. An unknown person becomes Ana; another person's DM becomes one's own."""
        location, state = PageLocation.of(query), self._box.slack.state
        if location.person not in [person.name for person in self._channels.people()]:
            location = replace(location, person=PageLocation.person)
        channel = state.channels.get(location.place)
        return (
            replace(location, place=self._channels.viewer(location).dm)
            if channel and channel.is_im
            else location
        )

    def _facts(self, location: PageLocation) -> Facts:
        """Return the facts that every part of the page needs."""
        who, channel, slack = self._channels.viewer(location), self._channels.here(location), self._box.slack
        return {
            "location": location,
            "viewer": who,
            "zone": self._channels.zone(location),
            "now": self._box.clock.now(),
            "people": self._channels.people(),
            "channel": channel,
            "is_in": channel is not None and who.id in channel.members,
            "members": [slack.state.people[id_] for id_ in list(channel.members)] if channel else [],
            "bookmarks": slack.bookmarks(channel.id) if channel else [],
            "pins": slack.pins(channel.id) if channel else [],
            "pinned": set(channel.pins) if channel else set(),
            "joined": self._channels.joined(location),
            "others": self._channels.others(location),
            "dm": self._channels.dm(location),
            "home_tab": self._has_home,
            "shortcuts": slack.shortcuts.known,
            "title": "Spy" if channel is None or channel.is_im else f"#{channel.name}",
        }

    def _within(self, location: PageLocation) -> Facts:
        channel = self._channels.here(location)
        lines, has_older = self._channels.latest(location, channel) if channel else ([], False)
        if channel:
            self._channels.reading.reads(self._channels.viewer(location), channel)
        return {
            "lines": lines,
            "has_older": has_older,
            "starts": STARTS if self._sites() else STARTS[:-1],
            "home": self._channels.home(location),
            "modal": self._channels.modal(location),
        }

    def _above(self) -> Facts:
        playing = self.player.playing
        return {
            "rate": self._box.clock.rate,
            "faults": self._switches.all(),
            "stories": self.player.stories,
            "playing": playing,
        }

    def _beside(self, location: PageLocation) -> Facts:
        """Return the facts of the dock, and the number of ringing phones."""
        missing = {"sites": self._sites() is None, "mail": self._mailbox() is None}
        docks = [it for it in TITLES if not missing.get(it[0])]
        facts: Facts = {"docks": docks, "ringing": self._oncall.ringing()}
        channel = self._channels.here(location)
        if location.thread:
            return facts | {"answers": self._channels.thread(location, channel) if channel else []}
        more: Mapping[str, Callable[[], Facts]] = {
            "phones": lambda: {"phones": self._oncall.phones(), "over": self._oncall.over()},
            "oncall": lambda: self._on_call(location),
            "sites": lambda: {"sites": self._sites(), "healths": HEALTHS},
            "github": lambda: self._issues(location),
            "mail": lambda: self._mails(location),
            "statuspage": self._public_status,
            "inspector": lambda: {
                "exchanges": self._inspector.exchanges(),
                "outbox": self._inspector.outbox(),
                "effects": self._inspector.effects(),
                "bot_url": self._box.bot_url,
            },
        }
        return facts | more[location.dock]()

    def _on_call(self, location: PageLocation) -> Facts:
        return {
            "policies": self._oncall.policies(self._channels.zone(location)),
            "schedules": self._oncall.schedules(),
            "callable": self._oncall.callable(),
            "later": self._box.clock.now() + timedelta(hours=2),
        }

    def _sites(self) -> Sites | None:
        """Return the box's sites, None without them."""
        try:
            sites = self._box.sites
        except LookupError:
            return None
        return sites

    def _mailbox(self) -> Mailbox | None:
        """Return the box's mail server, None without it."""
        try:
            mailbox = self._box.mail
        except LookupError:
            return None
        return mailbox

    def _mails(self, location: PageLocation) -> Facts:
        mailbox = self._mailbox()
        mails = list(reversed(mailbox.mails)) if mailbox else []
        mail = next((it for it in mails if str(it.number) == location.issue), None)
        return {"mails": mails, "mail": mail, "mail_domain": DOMAIN}

    def _issues(self, location: PageLocation) -> Facts:
        github = self._box.github
        with github.lock:
            issues = list(reversed(github.issues.values()))
            issue = github.issues.get(int(location.issue)) if location.issue.isdigit() else None
        return {"repository": REPOSITORY, "issues": issues, "issue": issue}

    def _public_status(self) -> Facts:
        page = self._box.statuspage
        with page.lock:
            return {"components": list(page.components.values()), "incidents": page.newest()}

    def _words(self, _request: HttpRequest, _rest: str) -> HttpResponse:
        """Return the completions of the message box."""
        state = self._box.slack.state
        words = {
            "/": [{"value": it.name, "about": it.about, "usage": it.usage} for it in self._commands],
            "@": [{"value": f"@{p.name}", "about": p.real_name} for p in state.people.values()]
            + [{"value": f"@{name}", "about": "group"} for name, _ in state.usergroups.values()],
            "#": [{"value": f"#{c.name}", "about": ""} for c in self._box.slack.channels if not c.is_private],
            ":": [{"value": f":{name}:", "about": found} for name, found in BY_NAME.items()],
        }
        return _json(words)

    # --- helpers

    def _follow_story(self, focus: StoryFocus | None) -> None:
        facts = {"as": focus.person, "in": focus.place, "dock": focus.dock} if focus else {}
        self._events.send("story", **facts)

    def _render(self, template: str, location: PageLocation, facts: Mapping[str, Any]) -> HttpResponse:
        page = self._templates.render(template, self._channels.names(location), facts)
        return HttpResponse(body=page.encode(), content_type="text/html; charset=utf-8", headers=HEADERS)


def _guarded(handler: Handler, request: HttpRequest, rest: str) -> AnyResponse:
    try:
        return handler(request, rest)
    except LookupError as error:
        return _text(404, str(error))


def _nowhere(_request: HttpRequest, _rest: str) -> HttpResponse:
    return _text(404, "There is nothing here. The page is at /.")


def _file(_request: HttpRequest, name: str) -> HttpResponse:
    file = (STATIC / name).resolve()
    if not file.is_relative_to(STATIC) or file.suffix not in KINDS or not file.is_file():
        return _text(404, "There is no such file.")
    return HttpResponse(body=file.read_bytes(), content_type=KINDS[file.suffix], headers=HEADERS)


def _text(status: int, sentence: str) -> HttpResponse:
    return HttpResponse(
        status=status, body=sentence.encode(), content_type="text/plain; charset=utf-8", headers=HEADERS
    )


def _json(body: object) -> HttpResponse:
    return HttpResponse(body=json.dumps(body).encode(), headers=HEADERS)
