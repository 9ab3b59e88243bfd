"""The dashboard: sign in, and out."""

from bot.commands.command import command
from bot.commands.reply import Reply
from bot.commands.request import Request
from bot.domain.web_key import LINK_LASTS
from bot.services.web_keys import WebKeys


@command("web", allow="everyone", by_token=False)
def web(request: Request, *, keys: WebKeys) -> Reply:
    """Open the dashboard: Spy answers only you, with a link that signs you in once."""
    return Reply("web/link", {"url": keys.link(request.user), "lasts": LINK_LASTS}, discreet=True)


@command("web out", allow="everyone")
def out(request: Request, *, keys: WebKeys) -> Reply:
    """Sign out of the dashboard in every browser."""
    return Reply("web/out", {"count": keys.end_all(request.user)}, discreet=True)
