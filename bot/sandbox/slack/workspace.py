"""The stand-in for Slack: all that people do in it, and the payloads to the bot."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.sandbox.feed import BoxEvent, Feed
from bot.sandbox.recorder import Recorder
from bot.sandbox.slack import blocks, events, fields, payloads, typed
from bot.sandbox.slack.call import Args, Method, SlackError
from bot.sandbox.slack.chat import ChatMethods
from bot.sandbox.slack.conversations import Conversations
from bot.sandbox.slack.delivery import Delivery, DeliveryResult, PayloadSender, SlackPayload
from bot.sandbox.slack.limits import RateLimits
from bot.sandbox.slack.links import SocketModeLinks
from bot.sandbox.slack.lookups import Lookups
from bot.sandbox.slack.marks import Marks
from bot.sandbox.slack.modals import Modals
from bot.sandbox.slack.own_commands import OWN_COMMANDS, unknown
from bot.sandbox.slack.permissions import ALL_EVENTS, ALL_SCOPES
from bot.sandbox.slack.reader import WorkspaceReader
from bot.sandbox.slack.response_urls import ResponseUrls
from bot.sandbox.slack.shortcuts import Shortcuts
from bot.sandbox.slack.state import WorkspaceState
from bot.sandbox.slack.triggers import ResponseUrl, Triggers
from bot.sandbox.slack.web_api import WebApi
from bot.sandbox.slack.world import (
    BOT_USER,
    SLACKBOT,
    Json,
    SlackChannel,
    SlackMessage,
    SlackPerson,
    SlackView,
    dm_with,
)

MESSAGES = {"channel": "message.channels", "group": "message.groups", "im": "message.im"}


class Workspace(WorkspaceReader):
    """A workspace with the app. `scopes` and `subscriptions` are the app's and can be changed.

    An action returns when the bot has answered its events, or the time is up.
    """

    def __init__(
        self,
        *,
        feed: Feed,
        recorder: Recorder,
        url: str,
        delivery: Delivery,
        limits: bool,
        now: Callable[[], datetime],
    ) -> None:
        state = WorkspaceState(feed, self._emit, now)
        self.triggers = Triggers()
        super().__init__(state, Modals(state, self.triggers))
        self.scopes: set[str] = set(ALL_SCOPES)
        self.subscriptions: set[str] = set(ALL_EVENTS)
        self.commands: dict[str, bool] | None = None
        """The app's slash commands, and whether each one escapes names. None allows any command."""
        self.links = SocketModeLinks()
        self.sender = PayloadSender(delivery=delivery, links=self.links, recorder=recorder)
        self.shortcuts = Shortcuts(state, self.triggers, self.sender, self._response_url)
        self.response_urls = ResponseUrls(state, self.triggers)
        self.web_api = WebApi(
            state=state,
            methods=self._methods(),
            scopes=self.scopes,
            limits=RateLimits() if limits else None,
        )
        self._url = url

    def install(self, manifest: Mapping[str, Any]) -> None:
        """Limit the app to its manifest: commands, events, scopes and the home tab."""
        features, settings = manifest.get("features", {}), manifest.get("settings", {})
        if found := features.get("slash_commands"):
            self.commands = {it["command"]: bool(it.get("should_escape")) for it in found}
        self.shortcuts.known = features.get("shortcuts", [])
        if home := features.get("app_home"):
            self.modals.has_home = bool(home.get("home_tab_enabled"))
        if subscribed := settings.get("event_subscriptions", {}).get("bot_events"):
            self.subscriptions.intersection_update(subscribed)
        if allowed := manifest.get("oauth_config", {}).get("scopes", {}).get("bot"):
            self.scopes.intersection_update(allowed)

    # ---------------------------------------------------------------- messages

    def slash(self, person: str, channel: str, command: str, text: str = "") -> DeliveryResult:
        """Type a command, and show the answer of its acknowledgement.

        Slack's own commands and unknown ones never reach the app.
        """
        who, where = self.person(person), self.entered(person, channel)
        if command in OWN_COMMANDS:
            OWN_COMMANDS[command].does(self, person, channel, text.strip().removeprefix("@"))
            return DeliveryResult(status="ok")
        if self.commands is not None and command not in self.commands:
            self.state.post_ephemeral(where, who.id, unknown(command), user=SLACKBOT)
            return DeliveryResult(status="failed", body=unknown(command))
        escapes = self.commands is None or self.commands[command]
        payload = payloads.slash_command(
            who,
            where,
            command,
            typed.in_command(self.state, text) if escapes else text,
            response_url=self._response_url(who, where),
            trigger_id=self.triggers.trigger(who.id),
        )
        answer = self.sender.deliver(SlackPayload(kind="slash_commands", name=command, payload=payload))
        return self._shown(answer, who, where, command)

    def say(self, person: str, channel: str, text: str, thread: str | None = None) -> str:
        """Post a message, or a reply in a thread. Return its ts."""
        who, where = self.person(person), self.entered(person, channel)
        written = typed.in_message(self.state, text)
        with self.sender.until_delivered():
            return self.state.post(where, who.id, written, thread_ts=thread).ts

    def dm(self, person: str, text: str, thread: str | None = None) -> str:
        """Write to the bot. Return the ts."""
        return self.say(person, self.person(person).dm, text, thread)

    def edit(self, person: str, channel: str, ts: str, text: str) -> None:
        where, message = self.own(person, channel, ts)
        with self.sender.until_delivered():
            self.state.edit(where, message, typed.in_message(self.state, text), None)

    def delete(self, person: str, channel: str, ts: str) -> None:
        where, message = self.own(person, channel, ts)
        with self.sender.until_delivered():
            self.state.delete(where, message)

    def react(self, person: str, channel: str, ts: str, name: str) -> None:
        where, message = self.entered(person, channel), self.message(channel, ts)
        with self.sender.until_delivered():
            self.state.react(where, message, self.person(person).id, name.strip(":"))

    def unreact(self, person: str, channel: str, ts: str, name: str) -> None:
        where, message = self.entered(person, channel), self.message(channel, ts)
        with self.sender.until_delivered():
            self.state.unreact(where, message, self.person(person).id, name.strip(":"))

    # ---------------------------------------------------------------- buttons and forms

    def press(self, person: str, channel: str, ts: str, label: str) -> DeliveryResult:
        """Press the button, or choose the option, with this label or action id, also on an ephemeral message."""
        return self._act(person, channel, ts, fields.pressed(self.message(channel, ts).blocks, label))

    def use(
        self, person: str, channel: str, ts: str, target: fields.Target, value: str | list[str] = ""
    ) -> DeliveryResult:
        """Press, or choose in, exactly this element."""
        action = fields.used(self.message(channel, ts).blocks, target, value)
        return self._act(person, channel, ts, action)

    def _act(self, person: str, channel: str, ts: str, action: Json) -> DeliveryResult:
        who, where, message = self.person(person), self.channel(channel), self.message(channel, ts)
        payload = payloads.message_action(
            who,
            where,
            message,
            action | {"action_ts": self.state.new_ts()},
            response_url=self._response_url(who, where, message),
            trigger_id=self.triggers.trigger(who.id),
        )
        return self.sender.deliver(SlackPayload(kind="interactive", name="block_actions", payload=payload))

    def shortcut(self, person: str, name: str, message: SlackMessage | None = None) -> DeliveryResult:
        """Choose a shortcut of a message, or without one the global shortcut of this name."""
        return self.shortcuts.choose(self.person(person), name, message)

    def press_in_view(self, person: str, label: str, view_id: str | None = None) -> DeliveryResult:
        """Press a button in a modal, or in the home tab if no modal is open."""
        view = self._view_or_home(person, view_id)
        return self._act_in_view(person, view, fields.pressed(view.body["blocks"], label), {})

    def use_in_view(
        self,
        person: str,
        view_id: str,
        target: fields.Target,
        value: str | list[str] = "",
        values: dict[str, Any] | None = None,
    ) -> DeliveryResult:
        """Like `use`, in a modal or the home tab. `values` is what was filled in so far."""
        view = self._view_or_home(person, view_id)
        action = fields.used(view.body["blocks"], target, value)
        return self._act_in_view(person, view, action, values or {})

    def _act_in_view(
        self, person: str, view: SlackView, action: Json, given: dict[str, Any]
    ) -> DeliveryResult:
        who = self.person(person)
        values, _ = fields.filled(view.body["blocks"], given)
        trigger_id = self.triggers.trigger(who.id)
        stamped = action | {"action_ts": self.state.new_ts()}
        payload = payloads.view_action(who, view, values, stamped, trigger_id=trigger_id)
        return self.sender.deliver(SlackPayload(kind="interactive", name="block_actions", payload=payload))

    def _view_or_home(self, person: str, view_id: str | None) -> SlackView:
        return (self.home(person) if not self.views(person) else None) or self.view(person, view_id)

    def submit(
        self, person: str, view_id: str | None = None, values: dict[str, Any] | None = None
    ) -> DeliveryResult:
        """Fill in fields, by label, block id or action id, and submit the modal."""
        who, view = self.person(person), self.view(person, view_id)
        state, missing = fields.filled(view.body["blocks"], values or {})
        if missing:  # Slack sends this back itself, without the bot
            self.modals.refuse(view, missing)
            return DeliveryResult(status="errors", body={"response_action": "errors", "errors": missing})
        payload = payloads.view_submission(who, view, state, trigger_id=self.triggers.trigger(who.id))
        answer = self.sender.deliver(
            SlackPayload(kind="interactive", name="view_submission", payload=payload)
        )
        return self._followed(view, answer)

    def close(self, person: str, view_id: str | None = None) -> None:
        view = self.view(person, view_id)
        self.modals.close(view)
        if view.body.get("notify_on_close"):
            payload = payloads.view_closed(self.person(person), view)
            self.sender.deliver(SlackPayload(kind="interactive", name="view_closed", payload=payload))

    # ---------------------------------------------------------------- channels and members

    def join(self, person: str, channel: str) -> None:
        who, where = self.person(person), self.channel(channel)
        if where.is_private or where.is_im or who.is_guest:
            raise LookupError(f"{who.name} can't join {where.name} without being invited")
        with self.sender.until_delivered():
            self.state.add(where, who.id)

    def invite(self, person: str, channel: str, guest: str) -> None:
        """Invite a person."""
        with self.sender.until_delivered():
            self.state.add(self.entered(person, channel), self.person(guest).id, self.person(person).id)

    def leave(self, person: str, channel: str) -> None:
        with self.sender.until_delivered():
            self.state.remove(self.entered(person, channel), self.person(person).id)

    def archive(self, channel: str, person: str = "ana") -> None:
        with self.sender.until_delivered():
            self.state.archive(self.channel(channel), self.person(person).id)

    def unarchive(self, channel: str, person: str = "ana") -> None:
        with self.sender.until_delivered():
            self.state.unarchive(self.channel(channel), self.person(person).id)

    def delete_channel(self, channel: str, person: str = "ana") -> None:
        """Delete a channel with its messages."""
        with self.sender.until_delivered():
            self.state.delete_channel(self.channel(channel), self.person(person).id)

    def make_private(self, channel: str, person: str = "ana") -> None:
        with self.sender.until_delivered():
            self.state.convert(self.channel(channel), self.person(person).id, to_private=True)

    def make_public(self, channel: str, person: str = "ana") -> None:
        with self.sender.until_delivered():
            self.state.convert(self.channel(channel), self.person(person).id, to_private=False)

    def change_id(self, channel: str) -> str:
        """Change a channel's id, as when it is shared with another company. Return the new id."""
        with self.sender.until_delivered():
            return self.state.change_id(self.channel(channel))

    def remove(self, channel: str, guest: str, person: str = "ana") -> None:
        """Remove a person from the channel."""
        with self.sender.until_delivered():
            self.state.remove(self.channel(channel), self.person(guest).id, self.person(person).id)

    def rename(self, channel: str, name: str, person: str = "ana") -> None:
        with self.sender.until_delivered():
            self.state.rename(self.channel(channel), name, self.person(person).id)

    def hire(self, count: int) -> None:
        """Add people to #general: p1 is U0P1, and so on."""
        for n in range(1, count + 1):
            person = SlackPerson(
                id=f"U0P{n}", name=f"p{n}", real_name=f"Person {n}", tz="Etc/UTC", tz_offset=0
            )
            self.state.people[person.id] = person
            self.state.channels[person.dm] = dm_with(person, self.state.now())
            self.state.channels["C0GENERAL"].members[person.id] = None

    def create(self, person: str, name: str, *, private: bool = False) -> SlackChannel:
        """Create a channel without the bot."""
        with self.sender.until_delivered():
            return self.state.create(name, is_private=private, creator=self.person(person).id)

    def invite_bot(self, channel: str, person: str = "ana") -> None:
        with self.sender.until_delivered():
            self.state.add(self.channel(channel), BOT_USER, self.person(person).id)

    def remove_bot(self, channel: str, person: str = "ana") -> None:
        self.remove(channel, BOT_USER, person)

    def open_home(self, person: str) -> None:
        """Open a person's home tab. The event has the view that it shows, if there is one."""
        who, view = self.person(person), self.home(person)
        if self.modals.has_home:
            with self.sender.until_delivered():
                self._emit(events.home_opened(who, view, self.state.new_ts()), who.dm)

    # ---------------------------------------------------------------- Slack's own behaviour

    def redeliver(self, last: int = 1, *, kind: str = "") -> list[DeliveryResult]:
        """Send the last payloads (of a kind) again with the same ids, as Slack does after a lost answer."""
        again = [it for it in list(self.sender.sent) if kind in {"", it.kind}][-last:]
        return [self.sender.deliver(replace(outgoing, attempt=1, reason="timeout")) for outgoing in again]

    def refresh_links(self) -> None:
        self.links.refresh()

    def deafen(self) -> None:
        """Keep the links open and lose all payloads. See also `links.freeze`."""
        self.links.deafen()

    # ---------------------------------------------------------------- helpers

    def _methods(self) -> dict[str, Method]:
        return {
            **ChatMethods(self.state, self.scopes).table(),
            **Conversations(self.state).table(),
            **Lookups(self.state, self.scopes).table(),
            **Marks(self.state).table(),
            **self.modals.table(),
            "apps.connections.open": Method(run=self._open_connection, tier=3, token="app"),
        }

    def _open_connection(self, _args: Args) -> Json:
        address = self._url.replace("http://", "ws://")
        return {"url": f"{address}/link?ticket={self.links.ticket()}&app_id=A0SPY"}

    def _emit(self, event: Json, channel: str) -> None:
        kind = event["type"]
        wanted = MESSAGES[event["channel_type"]] if kind == "message" else kind
        if wanted in self.subscriptions:
            outgoing = SlackPayload(kind="events_api", name=f"event:{kind}", payload=events.wrapped(event))
            self.sender.queue(outgoing, lane=channel)

    def _response_url(self, who: SlackPerson, where: SlackChannel, m: SlackMessage | None = None) -> str:
        ts, thread_ts = (m.ts, m.thread_ts) if m else (None, None)
        return f"{self._url}/response/{self.triggers.response_token(who.id, where.id, ts, thread_ts)}"

    def _shown(
        self, answer: DeliveryResult, who: SlackPerson, where: SlackChannel, command: str
    ) -> DeliveryResult:
        if not answer.ok:
            error = "operation_timeout" if answer.status == "timeout" else "dispatch_failed"
            return self._failed(answer, who, where, f'{command} failed with the error "{error}"')
        body: Json = {"text": answer.body} if isinstance(answer.body, str) else answer.body or {}
        if not body.get("text") and not body.get("blocks"):
            return answer
        try:
            url = ResponseUrl(person=who.id, channel=where.id, at=self.triggers.clock())
            self.response_urls.respond(url, body)
        except SlackError as error:
            line = f'{command} failed with the error "{error.error}"'
            return self._failed(replace(answer, status="failed"), who, where, line)
        return answer

    def _failed(
        self, answer: DeliveryResult, who: SlackPerson, where: SlackChannel, line: str
    ) -> DeliveryResult:
        self.state.feed.publish(BoxEvent(kind="failed", person=who.name, place=where.id, text=line))
        return answer

    def _followed(self, view: SlackView, answer: DeliveryResult) -> DeliveryResult:
        """Update the modal as the acknowledgement asks."""
        if not answer.ok:
            self.modals.refuse(view, {"": "We had some trouble connecting. Try again?"})
            return answer
        body: Json = answer.body if isinstance(answer.body, dict) else {}
        action = body.get("response_action")
        try:
            if action == "errors":
                self.modals.refuse(view, fields.matched(view.body["blocks"], body.get("errors")))
                return replace(answer, status="errors")
            if action in ("update", "push"):
                self._shown_next(view, action, body.get("view"))
            elif action == "clear":
                self.modals.clear(view.person)
            else:
                self.modals.close(view)
        except SlackError as error:
            self.modals.refuse(view, {"": f"We had some trouble connecting ({error.error}). Try again?"})
            return replace(answer, status="failed")
        return answer

    def _shown_next(self, view: SlackView, action: str, body: Any) -> None:
        sound = blocks.sound_view(body, "modal")
        if action == "push":
            self.modals.show(view.person, sound, on=view)
        else:
            self.modals.replace(view, sound)
