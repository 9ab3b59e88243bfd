"""Slack's own commands, which never reach an app, and its answer to an unknown command."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.sandbox.slack.world import BOT_USER, SlackPerson


class OwnCommandHost(Protocol):
    """What people can do with a channel."""

    def person(self, ref: str) -> SlackPerson: ...
    def invite(self, person: str, channel: str, guest: str) -> None: ...
    def invite_bot(self, channel: str, person: str = "ana") -> None: ...
    def leave(self, person: str, channel: str) -> None: ...
    def remove(self, channel: str, guest: str, person: str = "ana") -> None: ...
    def archive(self, channel: str, person: str = "ana") -> None: ...
    def rename(self, channel: str, name: str, person: str = "ana") -> None: ...


Act = Callable[[OwnCommandHost, str, str, str], None]


@dataclass(frozen=True, kw_only=True)
class OwnCommand:
    """One command. `does` gets the person, the channel and the words. A LookupError is shown to the person."""

    about: str
    does: Act
    usage: str = ""


def _invite(host: OwnCommandHost, person: str, channel: str, guest: str) -> None:
    if not guest:
        raise LookupError("Name a person: /invite @raj.")
    if host.person(guest).id == BOT_USER:
        host.invite_bot(channel, person)
    else:
        host.invite(person, channel, guest)


def _remove(host: OwnCommandHost, person: str, channel: str, guest: str) -> None:
    if not guest:
        raise LookupError("Name a person: /remove @raj.")
    host.remove(channel, guest, person)


def _rename(host: OwnCommandHost, person: str, channel: str, name: str) -> None:
    if not name:
        raise LookupError("Name the channel: /rename new-name.")
    host.rename(channel, name.removeprefix("#"), person)


OWN_COMMANDS: Mapping[str, OwnCommand] = {
    "/invite": OwnCommand(about="Bring somebody into the channel", usage="@someone", does=_invite),
    "/leave": OwnCommand(about="Leave the channel", does=lambda host, who, at, _: host.leave(who, at)),
    "/remove": OwnCommand(about="Take somebody out of the channel", usage="@someone", does=_remove),
    "/rename": OwnCommand(about="Rename the channel", usage="new-name", does=_rename),
    "/archive": OwnCommand(about="Archive the channel", does=lambda host, who, at, _: host.archive(at, who)),
}


def unknown(command: str) -> str:
    return (
        f"{command} is not a valid command. In Slack, all messages starting with the “/” character "
        "are interpreted as commands."
    )
