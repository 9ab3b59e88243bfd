"""Shortcuts of the app, as its manifest lists them: in the menu of a message, and anywhere."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bot.sandbox.slack import payloads
from bot.sandbox.slack.delivery import DeliveryResult, PayloadSender, SlackPayload
from bot.sandbox.slack.state import WorkspaceState
from bot.sandbox.slack.triggers import Triggers
from bot.sandbox.slack.world import Json, SlackChannel, SlackMessage, SlackPerson


@dataclass
class Shortcuts:
    state: WorkspaceState
    triggers: Triggers
    sender: PayloadSender
    response_url: Callable[[SlackPerson, SlackChannel], str]
    known: Sequence[Json] = field(default_factory=list)
    """Those of the manifest."""

    def choose(self, person: SlackPerson, name: str, m: SlackMessage | None) -> DeliveryResult:
        kind = "message" if m else "global"
        payload = payloads.shortcut(
            person,
            self._callback(kind, name),
            action_ts=self.state.new_ts(),
            trigger_id=self.triggers.trigger(person.id),
        )
        if m:
            channel = self.state.channels[m.channel]
            if person.id not in channel.members:
                raise LookupError(f"{person.name} is not in {channel.name}")
            url = self.response_url(person, channel)
            payload |= payloads.of_message(person, channel, m, response_url=url)
        return self.sender.deliver(SlackPayload(kind="interactive", name=payload["type"], payload=payload))

    def is_on_message(self, name: str) -> bool:
        return any(it["name"] == name and it["type"] == "message" for it in self.known)

    def _callback(self, kind: str, name: str) -> str:
        for it in self.known:
            if it["type"] == kind and name in (it["name"], it["callback_id"]):
                return str(it["callback_id"])
        names = ", ".join(repr(it["name"]) for it in self.known) or "none"
        raise LookupError(f"the app has no {kind} shortcut {name!r}; there is {names}")
