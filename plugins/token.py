"""Tokens: let programs ask Spy in your name."""

from bot.commands.arguments import Ends, Plain
from bot.commands.command import command
from bot.commands.reply import Reply
from bot.commands.request import Request
from bot.domain.api_token import Scope
from bot.services.tokens import Tokens


@command('token new "name" [<scope>] [until|for <ends>]', by_token=False)
def new(request: Request, name: Plain, scope: Scope | None, ends: Ends | None, *, tokens: Tokens) -> Reply:
    """Make a token for a program: `/spy token new "deploy tool" say for 90d`. Its secret is shown once.

    With `read` it reads what you may read, with `say` it says what you may say, with `agent` it reads and proposes.
    """
    made = tokens.make(name, scope or Scope.READ, by=request.user, ends_at=ends)
    return Reply("token/made", {"token": made.token, "secret": made.secret}, discreet=True, once=True)


@command("(token list|tokens|token)", reads=True)
def listing(request: Request, *, tokens: Tokens) -> Reply:
    """List your tokens, and when each was last used. Admins see everybody's."""
    found = tokens.seen_by(request.user)
    return Reply("token/list", {"tokens": found, "reader": request.user}, discreet=True)


@command('token revoke "name"')
def revoke(request: Request, name: Plain, *, tokens: Tokens) -> Reply:
    """Revoke a token: its program is refused from now on. Admins may revoke anybody's."""
    return Reply("token/revoked", {"token": tokens.revoke(name, by=request.user)}, discreet=True)
