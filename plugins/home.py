"""Your Home tab in Slack: open incidents, and what waits for you."""

from bot.commands.command import command, when
from bot.commands.reply import Reply
from bot.commands.request import HomeOpened, Request, Source
from bot.services.home.homes import Homes


@command("home", allow="everyone")
def home(request: Request, *, homes: Homes) -> Reply | None:
    """Fill your Home tab in Slack again: the open incidents, those that you are in, and what waits for you."""
    homes.opened(request.user, origin=request.id)
    is_on_tab = (
        request.source is Source.BUTTON and request.channel is None
    )  # there the tab itself is the answer
    return None if is_on_tab else Reply("home/asked", discreet=True)


@when(HomeOpened)
def opened(notice: HomeOpened, *, homes: Homes) -> None:
    """Publish a person's Home tab when they open it."""
    homes.opened(notice.person, mark=notice.mark, origin=notice.id)
