"""What the MCP server shows and does: each tool is a command, said in the caller's name through the router."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from bot.commands.plugins import CommandRegistry
from bot.commands.request import Request, Response, Source
from bot.commands.tool import Tool, tools
from bot.domain.markup import as_slack_sends
from bot.domain.message import Message
from bot.domain.refusal import Refusal
from bot.web.mcp.caller import McpCaller

OPEN, ONE = "spy://incidents", "spy://incidents/"
"""The resources: the open incidents, and one by its number."""
UNNAMED = (
    "Who asks is not known: Slack did not say it, or the token was revoked or has ended. Nothing is shown."
)


@dataclass(frozen=True, kw_only=True)
class ToolAnswer:
    """What a call led to: `done`, `proposed` or `refused`, in words, with the commands that its buttons run."""

    outcome: str
    words: str
    commands: tuple[str, ...] = ()

    @property
    def is_refused(self) -> bool:
        return self.outcome == "refused"


@dataclass(frozen=True, kw_only=True)
class McpSite:
    answer: Callable[[Request], Response]
    registry: Callable[[], CommandRegistry]
    plain: Callable[[Message], str]
    """Returns a message's words without markup, with people by name."""
    hosts: tuple[str, ...] = ()
    """The hosts under which people reach Spy, besides this machine. Requests to others are refused."""
    _known: dict[int, tuple[CommandRegistry, Mapping[str, Tool]]] = field(default_factory=dict)

    def tools(self) -> Mapping[str, Tool]:
        """Return the tools of the commands that are loaded now."""
        registry = self.registry()
        if self._known.get(0, (None,))[0] is not registry:
            self._known[0] = (registry, tools(registry))
        return self._known[0][1]

    def call(self, name: str, arguments: Mapping[str, Any], caller: McpCaller) -> ToolAnswer:
        """Run a tool that reads, or propose what it would do."""
        tool = self.tools().get(name)
        if tool is None:
            return ToolAnswer(
                outcome="refused", words=f"There is no tool {name[:60]}: the list may have changed."
            )
        try:
            return self._said(tool.words(arguments), caller, means=tool.command.usage, reads=tool.reads)
        except Refusal as refusal:
            return ToolAnswer(outcome="refused", words=refusal.sentence)

    def read(self, uri: str, caller: McpCaller) -> ToolAnswer:
        """Return a resource in words."""
        number = uri.removeprefix(ONE)
        if uri == OPEN:
            return self._said("incident list", caller)
        if uri.startswith(ONE) and number.isascii() and number.isdigit() and len(number) < 10:  # noqa: PLR2004
            return self._said(f"inc-{number} incident tldr", caller)
        return ToolAnswer(outcome="refused", words="There is no such resource.")

    def _said(self, words: str, caller: McpCaller, *, means: str = "", reads: bool = True) -> ToolAnswer:
        if not caller.person:
            return ToolAnswer(outcome="refused", words=UNNAMED)
        request = Request(
            id=f"mcp:{uuid4().hex}",
            text=as_slack_sends(words),
            user=caller.person,
            source=Source.AGENT,
            agent=caller.name,
            means=means,
            only_reads=reads or not caller.may_propose,
        )
        try:
            response = self.answer(request)
        except Refusal as refusal:  # it was not done in time
            return ToolAnswer(outcome="refused", words=refusal.sentence)
        message = response.message or Message(text="Done.")
        outcome = "refused" if response.is_refusal else "done" if reads else "proposed"
        return ToolAnswer(outcome=outcome, words=self.plain(message), commands=self._commands(message))

    def _commands(self, message: Message) -> tuple[str, ...]:
        """Return what the buttons of a message say, without what only people may say."""
        return tuple(say for _, say in message.offers if not self.registry().is_for_people(say))
