"""The actions of a person on the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, get_args
from zoneinfo import ZoneInfo

from bot.sandbox import Box
from bot.sandbox.feed import BoxEvent
from bot.sandbox.page.switches import FaultSwitches
from bot.sandbox.pagerduty.incidents import AlreadyResolvedError
from bot.sandbox.pagerduty.schedules import ScheduleShift
from bot.sandbox.sites.sites import Health
from bot.sandbox.slack.delivery import DeliveryResult
from bot.sandbox.slack.fields import Target
from bot.sandbox.slack.own_commands import OWN_COMMANDS, unknown
from bot.sandbox.slack.world import SlackChannel
from bot.sandbox.stories.player import StoryPlayer

FURTHEST = timedelta(days=7).total_seconds() / 60
FASTEST = 3600
OPENING = 10
"""Seconds to wait for an incident's channel."""
HEALTHS = get_args(Health)


class Refused(Exception):  # noqa: N818 - named for what happened
    """An action that is not possible; the message is for the person."""


@dataclass(frozen=True, kw_only=True)
class ActionInput:
    """The input of an action; `person` is who acts."""

    person: str
    facts: Mapping[str, Any]

    def text(self, name: str) -> str:
        value = self.facts.get(name)
        return "" if value is None else str(value)


class PageActions:
    def __init__(self, box: Box, player: StoryPlayer, switches: FaultSwitches) -> None:
        self._box = box
        self._slack = box.slack
        self._player = player
        self._switches = switches
        self._actions: Mapping[str, Callable[[ActionInput], str | None]] = {
            "open": self._open,
            "say": self._say,
            "edit": lambda it: self._slack.edit(
                it.person, it.text("channel"), it.text("ts"), it.text("text")
            ),
            "delete": lambda it: self._slack.delete(it.person, it.text("channel"), it.text("ts")),
            "react": self._react,
            "dismiss": self._dismiss,
            "join": lambda it: self._slack.join(it.person, it.text("channel")),
            "press": self._press,
            "shortcut": self._shortcut,
            "submit": self._submit,
            "close": lambda it: self._slack.close(it.person, it.text("view")),
            "phone": self._phone,
            "override": self._override,
            "unoverride": self._unoverride,
            "issue": self._issue,
            "site": self._site,
            "clock": self._clock,
            "faults": self._faults,
            "story": self._story,
        }

    def do(self, name: str, person: str, facts: Mapping[str, Any]) -> str | None:
        """Run an action. Return the id of a channel to go to, None to stay. Refused if it is not possible."""
        act = self._actions.get(name)
        if act is None:
            raise Refused(f"There is no action {name}.")
        try:
            return act(ActionInput(person=person, facts=facts))
        except (LookupError, ValueError, AlreadyResolvedError) as error:
            sentence = str(error.args[0]) if error.args else str(error)
            raise Refused(sentence[:1].upper() + sentence[1:]) from error

    # --- chat

    def _open(self, it: ActionInput) -> str:
        """Open an incident of a new name, and go to its channel."""
        who, before = self._slack.person(it.person).id, len(self._opened())
        name = f"checkout is down {before + 1}" if before else "checkout is down"
        _require_answer(self._slack.slash(it.person, "general", "/incident", f'me "{name}" sev1'))
        try:
            self._box.wait_for(lambda: any(who in c.members for c in self._opened()[before:]), OPENING)
        except AssertionError:
            raise Refused(f"Spy opened no channel within {OPENING} s.") from None
        return self._opened()[-1].id

    def _opened(self) -> list[SlackChannel]:
        return [channel for channel in self._slack.channels if "-checkout-is-down" in channel.name]

    def _say(self, it: ActionInput) -> None:
        text, channel, thread = it.text("text").strip(), it.text("channel"), it.text("thread") or None
        if not text:
            raise Refused("Type a message first.")
        if text.startswith("/"):
            command, _, rest = text.partition(" ")
            self._slash(it.person, channel, command, rest.strip(), in_thread=thread is not None)
        else:
            self._slack.say(it.person, channel, text, thread)

    def _slash(self, person: str, channel: str, command: str, rest: str, *, in_thread: bool) -> None:
        known = self._slack.commands
        if known is not None and command not in known and command not in OWN_COMMANDS:
            raise Refused(unknown(command))
        if in_thread:
            raise Refused(f"{command} is not supported in threads. Sorry!")
        self._slack.slash(person, channel, command, rest)  # the feed reports what failed

    def _react(self, it: ActionInput) -> None:
        """Add the reaction, or remove it."""
        channel, ts, name = it.text("channel"), it.text("ts"), it.text("name")
        users = self._slack.message(channel, ts).reactions.get(name, [])
        turn = self._slack.unreact if self._slack.person(it.person).id in users else self._slack.react
        turn(it.person, channel, ts, name)

    def _dismiss(self, it: ActionInput) -> None:
        message = self._slack.state.ephemerals.get(it.text("ts"))
        if message is not None and message.ephemeral_to == self._slack.person(it.person).id:
            self._slack.state.delete_ephemeral(message)

    def _press(self, it: ActionInput) -> None:
        target = Target(block_id=it.text("block"), action_id=it.text("action"))
        value = it.facts.get("value") or ""
        if it.text("ts"):
            answer = self._slack.use(it.person, it.text("channel"), it.text("ts"), target, value)
        else:
            answer = self._slack.use_in_view(
                it.person, it.text("view"), target, value, it.facts.get("values")
            )
        _require_answer(answer)

    def _shortcut(self, it: ActionInput) -> None:
        """Choose a shortcut of the app: in the menu of a message, or anywhere."""
        message = self._slack.message(it.text("channel"), it.text("ts")) if it.text("ts") else None
        _require_answer(self._slack.shortcut(it.person, it.text("name"), message))

    def _submit(self, it: ActionInput) -> None:
        """Submit a form. The form itself shows the errors."""
        self._slack.submit(it.person, it.text("view"), dict(it.facts.get("values") or {}))

    # --- PagerDuty and GitHub

    def _phone(self, it: ActionInput) -> None:
        pager = self._box.pagerduty
        touches = {
            "acknowledge": pager.acknowledge,
            "resolve": pager.resolve,
            "escalate": pager.escalate,
            "ignore": pager.ignore,
        }
        touches[it.text("verb")](it.text("who"), it.text("number"))
        self._publish("page_touched")

    def _override(self, it: ActionInput) -> None:
        pager, zone = self._box.pagerduty, ZoneInfo(self._slack.person(it.person).tz)
        user = pager.account.user_called(it.text("who"))
        if user is None:
            raise Refused("Choose a person.")
        start, end = _time(it.text("start"), zone), _time(it.text("end"), zone)
        if end <= start:
            raise Refused("An override must end after its start.")
        if end <= (now := self._box.clock.now()):
            raise Refused(f"The end is in the past. It is now {now.astimezone(zone):%a %d %b %H:%M}.")
        with pager.lock:
            pager.account.override(it.text("schedule"), ScheduleShift(user=user.id, start=start, end=end))
        self._publish("schedule_changed")

    def _unoverride(self, it: ActionInput) -> None:
        pager = self._box.pagerduty
        with pager.lock:
            schedule = pager.account.schedules[it.text("schedule")]
            pager.account.schedules[schedule.id] = schedule.without_override(it.text("override"))
        self._publish("schedule_changed")

    def _issue(self, it: ActionInput) -> None:
        self._box.github.edit(int(it.text("number")), body=it.text("body").replace("\r\n", "\n"))
        self._publish("issue_edited")

    def _site(self, it: ActionInput) -> None:
        """Set the health of a site."""
        health = it.text("health")
        if health not in HEALTHS:
            raise Refused("A site is healthy or failing, or gives no response.")
        self._box.sites.named[it.text("site")].health = health  # type: ignore[assignment]  # looked up above
        self._publish("site_changed")

    # --- the box

    def _clock(self, it: ActionInput) -> None:
        """Move the clock by `pass` minutes, or run it `rate` times faster."""
        if it.text("pass"):
            minutes = float(it.text("pass"))
            if not 0 < minutes <= FURTHEST:
                raise Refused("The clock moves forward, by a week at most.")
            self._box.clock.pass_by(timedelta(minutes=minutes))
        else:
            rate = float(it.text("rate"))
            if not 1 <= rate <= FASTEST:
                raise Refused(f"The clock runs 1 to {FASTEST} times as fast.")
            self._box.clock.play(rate)
        self._publish("faults_changed")

    def _faults(self, it: ActionInput) -> None:
        self._switches.turn(it.text("name"))
        self._publish("faults_changed")

    def _story(self, it: ActionInput) -> None:
        if it.text("name"):
            self._player.play(it.text("name"))
        else:
            self._player.stop()

    def _publish(self, kind: str) -> None:
        self._box.publish(BoxEvent(kind=kind))


def _require_answer(answer: DeliveryResult) -> None:
    if answer.status == "timeout":
        raise Refused("Spy did not answer within 3 s.")
    if not answer.ok:
        raise Refused("Spy could not be reached.")


def _time(text: str, zone: tzinfo) -> datetime:
    """Parse a browser's time field, in the person's time zone."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)
