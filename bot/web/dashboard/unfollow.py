"""The page by which the reader of a mail ends it. Its address is a secret of that reader: nobody signs in for it.

A GET only asks, because mail programs open links to look at them. A POST ends it, from the page's button or from the
mail program's own (RFC 8058).
"""

from functools import partial

from bot.domain.incident.following import Following, masked_address
from bot.services.audit import AuditLog
from bot.services.incident.followings import Followings
from bot.services.retry import retry_on_conflict
from bot.services.transaction import Transaction
from bot.web.answer import WebAnswer
from bot.web.dashboard.browser import WebRequest, page_of
from bot.web.dashboard.page import PageReply, PublicRequest, public_page
from bot.web.dashboard.site import DashboardSite

ONE = "one"
"""What the button sends that ends the mail about one incident only."""


@public_page("/unfollow/{token}")
def asked(ask: PublicRequest, *, followings: Followings, tx: Transaction) -> PageReply:
    """Ask whether to end it."""
    following = followings.of_token(ask.path["token"])
    return PageReply("web/unfollow", _facts(following, tx))


def unfollow(site: DashboardSite, request: WebRequest) -> WebAnswer:
    """End it. Done twice, it is the same: mail programs send this more than once."""
    facts = retry_on_conflict(partial(_ended, site, request.parts["token"], request.form.get("what", "")))
    return page_of(site.html("web/unfollowed", facts, request, viewer=None, tx=None))


def _ended(site: DashboardSite, token: str, what: str) -> dict[str, object]:
    """End it, and return what the page says: what was ended, and what goes on."""
    with site.writing() as tx:
        following = Followings(tx).of_token(token)
        facts = {**_facts(following, tx), "is_one": what == ONE}
        if following:
            Followings(tx).end(following, wholly=what != ONE)
            AuditLog(tx).add(f"unfollow {following.number}", incident=following.incident)
        return facts


def _facts(following: Following | None, tx: Transaction) -> dict[str, object]:
    """Return what the page shows: nothing of an incident that is private by now."""
    if following is None:
        return {"address": None, "incident": None, "through": None}
    incident = tx.session.incidents.look(following.incident) if following.incident else None
    through = tx.session.followings.look(following.through) if following.through else None
    return {
        "address": masked_address(following.reader),
        "incident": incident if incident and not incident.private else None,
        "through": through.about if through else following.about if following.incident is None else None,
    }
