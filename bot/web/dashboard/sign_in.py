"""Sign in with the one-time link of `/spy web`, and sign out."""

from datetime import timedelta
from functools import partial

from bot.services.people import People
from bot.services.retry import retry_on_conflict
from bot.services.transaction import Transaction
from bot.services.web_keys import SignedIn, WebKeys
from bot.web.answer import WebAnswer
from bot.web.dashboard.browser import WebRequest, moved_to, own_path, page_of
from bot.web.dashboard.page import Viewer
from bot.web.dashboard.site import DashboardSite

GONE, REFUSED = 410, 403
USED = "This link was used already, or it is older than ten minutes. Type /spy web in Slack for a new one."
HERE = "You are signed in as {name} in this browser. This link was used already, or it is older than ten minutes."
ELSEWHERE = "This form was not sent from Spy's own page, so nothing was done. Open the page again."


def ask(site: DashboardSite, request: WebRequest) -> WebAnswer:
    """Ask whether to sign in. Opening the link uses nothing up: mail and chat programs open links to preview them."""
    secret = request.query.get("key", "")
    with site.reading() as tx:
        viewer, person = site.viewer(request, tx), WebKeys(tx).invited(secret)
        if person is None:
            return _used(site, request, viewer, tx)
        facts = {
            "name": People(tx).name(person) or person,
            "key": secret,
            "is_other": viewer and viewer.id != person,
        }
        return page_of(site.html("web/sign_in", facts, request, viewer=viewer, tx=tx))


def sign_in(site: DashboardSite, request: WebRequest) -> WebAnswer:
    """Use up the link, and start a session in this browser."""
    if request.is_from_elsewhere(site.policy().dashboard.address):
        return site.failed(request, ELSEWHERE, status=REFUSED)
    begun = retry_on_conflict(partial(_signed_in, site, request.form.get("key", "")))
    if begun is None:
        with site.reading() as tx:
            return _used(site, request, site.viewer(request, tx), tx)
    goes_on = own_path(site.next_cookie.read(request))
    return moved_to(goes_on, site.session_cookie.set(begun.secret, lasts=begun.lasts))


def _used(site: DashboardSite, request: WebRequest, viewer: Viewer | None, tx: Transaction) -> WebAnswer:
    """Return that the link can't be used any more, and who is signed in here all the same."""
    sentence = HERE.format(name=viewer.name) if viewer else USED
    return site.failed(request, sentence, status=GONE, viewer=viewer, tx=tx)


def _signed_in(site: DashboardSite, secret: str) -> SignedIn | None:
    with site.writing() as tx:
        return WebKeys(tx).sign_in(secret)


def sign_out(site: DashboardSite, request: WebRequest) -> WebAnswer:
    """End the session of this browser."""
    with site.reading() as tx:
        viewer = site.viewer(request, tx)
    if viewer and not site.is_from_form_of(viewer, request):
        return site.failed(request, ELSEWHERE, status=REFUSED)
    secret = site.session_cookie.read(request)
    if viewer:
        retry_on_conflict(partial(_signed_out, site, secret))
    return moved_to("/", site.session_cookie.set("", lasts=timedelta()))


def _signed_out(site: DashboardSite, secret: str) -> None:
    with site.writing() as tx:
        WebKeys(tx).sign_out(secret)
