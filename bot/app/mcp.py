"""Connect the MCP server to this bot: on the public port, and over stdio for `spy mcp`."""

import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from urllib.parse import urlsplit

from bot.adapters.rendering.mrkdwn import plain
from bot.app.build import Bot, build
from bot.app.say import names_of, person_called
from bot.config import Settings
from bot.domain.api_token import Scope
from bot.domain.message import Message
from bot.domain.refusal import Refusal
from bot.ports import Session
from bot.services.transaction import Transaction
from bot.web.bearer import Bearer
from bot.web.mcp import Callers, McpCaller, McpSite
from bot.web.mcp.endpoint import McpEndpoint

Signed = Callable[[bytes, Mapping[str, str]], bool]
ON_TERMINAL = "an agent on a terminal"
"""The name of a machine that nobody named."""
UNKNOWN = 'SPY_TOKEN is no token that can be used. `token new "Claude" agent` in Slack makes one.'


def nobody_signs(_body: bytes, _headers: Mapping[str, str]) -> bool:
    """Take nothing as signed by Slack: there is no signing secret."""
    return False


def mcp_endpoint(bot: Bot, is_signed: Signed = nobody_signs) -> McpEndpoint:
    """Return the MCP server of the public port."""
    callers = Callers(
        of_token=partial(caller_of, bot), is_signed=is_signed, workspace=partial(_workspace, bot)
    )
    return McpEndpoint(mcp_site(bot), callers)


def mcp_site(bot: Bot) -> McpSite:
    address = urlsplit(bot.settings.web.public_url or "")
    return McpSite(
        answer=bot.timed.answer,
        registry=lambda: bot.router.registry,
        plain=partial(_plain, bot),
        hosts=(address.netloc,) if address.netloc else (),
    )


def serve_stdio(settings: Settings, *, person: str | None, secret: str | None, name: str) -> int:
    """Serve one agent over stdin and stdout, in a person's name. Return 1 if there is no such person or token.

    What it proposes is shown by a running bot.
    """
    import anyio  # noqa: PLC0415  the SDK is loaded only here

    from bot.web.mcp.stdio import serve  # noqa: PLC0415  as above

    with ExitStack() as stack:
        bot = build(settings, stack)
        stack.callback(bot.delivery.stop)
        caller = (
            partial(_named, bot, person, name)
            if person
            else partial(caller_of, bot, {"authorization": f"Bearer {secret}"})
        )
        try:
            known = caller()
        except Refusal as refusal:
            sys.stderr.write(f"{plain(refusal.sentence)}\n")
            return 1
        if known is None:
            sys.stderr.write(f"{UNKNOWN}\n")
            return 1
        anyio.run(serve, mcp_site(bot), (lambda: known) if person else caller)
    return 0


def caller_of(bot: Bot, headers: Mapping[str, str]) -> McpCaller | None:
    """Return in whose name the holder of a token calls; None if the token can't be used."""
    holder = Bearer(sessions=bot.database, clock=bot.clock, policy=bot.live.policy).holder(headers)
    if holder is None:
        return None
    return McpCaller(person=holder.person, name=holder.name, may_propose=Scope.AGENT in holder.scopes)


def _named(bot: Bot, person: str, name: str) -> McpCaller:
    with bot.database.read() as session:
        found = person_called(_transaction(bot, session), person)
    return McpCaller(person=found, name=name or ON_TERMINAL, may_propose=True)


def _plain(bot: Bot, message: Message) -> str:
    return plain(message.text, names_of(bot))


def _workspace(bot: Bot) -> str | None:
    return bot.chat.identity.team if bot.chat.identity else None


def _transaction(bot: Bot, session: Session) -> Transaction:
    return Transaction(session=session, now=bot.clock.now(), policy=bot.live.policy(), source="terminal")
