"""The actions that a line of a script can stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

PATIENCE = timedelta(seconds=5)


@dataclass(frozen=True, kw_only=True)
class SayAction:
    text: str


@dataclass(frozen=True, kw_only=True)
class SlashAction:
    command: str
    text: str


@dataclass(frozen=True, kw_only=True)
class ReplyAction:
    """Reply in the thread of the last message."""

    text: str


@dataclass(frozen=True, kw_only=True)
class PressAction:
    label: str


@dataclass(frozen=True, kw_only=True)
class ReactAction:
    """Add a reaction to the last message, or to the last one with these words."""

    name: str
    words: str = ""


@dataclass(frozen=True, kw_only=True)
class UnreactAction:
    name: str
    words: str = ""


@dataclass(frozen=True, kw_only=True)
class EditAction:
    """Edit the person's own last message."""

    text: str


@dataclass(frozen=True, kw_only=True)
class JoinAction:
    channel: str


@dataclass(frozen=True, kw_only=True)
class ShortcutAction:
    """Choose a shortcut of the app, by name: in the menu of the last message with these words, or anywhere."""

    name: str
    words: str = ""


@dataclass(frozen=True, kw_only=True)
class FillAction:
    """Fill in fields of the open modal, by label or id."""

    values: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class SubmitAction:
    pass


@dataclass(frozen=True, kw_only=True)
class CancelAction:
    pass


@dataclass(frozen=True, kw_only=True)
class PhoneAction:
    """Act on a ringing phone; `verb` is PagerDuty's, `which` a number, `words` part of the title."""

    verb: str
    which: str = "latest"
    words: str = ""


@dataclass(frozen=True, kw_only=True)
class ShowPhoneAction:
    """Show what rings on the phone."""


@dataclass(frozen=True, kw_only=True)
class ExpectAction:
    """Expect words in a channel (name may end in *), a private view, a phone, on the switch, or here."""

    words: str
    patience: timedelta = PATIENCE
    channel: str = ""
    person: str = ""
    phone: str = ""
    switch: str = ""


@dataclass(frozen=True, kw_only=True)
class ExpectNotAction:
    """Expect no such words, now and until `patience` is over."""

    words: str
    patience: timedelta = timedelta(0)
    channel: str = ""
    person: str = ""
    phone: str = ""
    switch: str = ""


@dataclass(frozen=True, kw_only=True)
class WaitAction:
    """Run the clocks of box and bot forward, fast."""

    span: timedelta


@dataclass(frozen=True, kw_only=True)
class JumpAction:
    """Move the clocks by a span, or to the next HH:MM (UTC), of a weekday if one is named."""

    span: timedelta = timedelta()
    to: str = ""
    day: str = ""


@dataclass(frozen=True, kw_only=True)
class PlayAction:
    """Run both clocks this many times faster from now on."""

    rate: float


@dataclass(frozen=True, kw_only=True)
class OnCallAction:
    """Put people on call from now on, the first person on the first level."""

    policy: str
    people: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class AlertAction:
    """Let a monitoring tool open an incident at PagerDuty, of a service."""

    service: str
    title: str


@dataclass(frozen=True, kw_only=True)
class SetHealthAction:
    """Set the health of a site."""

    site: str
    health: Literal["healthy", "failing", "no response"]


@dataclass(frozen=True, kw_only=True)
class SetLagAction:
    """Set how many seconds a site's data is behind."""

    site: str
    seconds: int


@dataclass(frozen=True, kw_only=True)
class SendTrafficAction:
    """Send all traffic to one site, and drain the other."""

    site: str


@dataclass(frozen=True, kw_only=True)
class ShowTrafficAction:
    """Show the sites, the switch and the traffic."""


@dataclass(frozen=True, kw_only=True)
class HelpAction:
    pass


@dataclass(frozen=True, kw_only=True)
class QuitAction:
    pass


@dataclass(frozen=True, kw_only=True)
class UnclearAction:
    """A line that is not understood; the sentence gives an example."""

    sentence: str
