"""Run a command that was typed on a page: through the router, as from everywhere else."""

from uuid import uuid4

from bot.commands.request import Request, Source
from bot.domain.markup import as_slack_sends
from bot.domain.refusal import Refusal
from bot.web.answer import WebAnswer
from bot.web.dashboard.browser import WebRequest, own_path, page_of
from bot.web.dashboard.page import Viewer
from bot.web.dashboard.sign_in import ELSEWHERE, REFUSED
from bot.web.dashboard.site import DashboardSite
from bot.web.typed import as_typed_in_slack

LONGEST = 10_000
"""Characters of a command, as many as Slack's own box takes and more."""
GIVEN = "given."
"""How the fields of a form begin that fill the slots of its command: `given.message`."""


def say(site: DashboardSite, request: WebRequest) -> WebAnswer:
    """Run the words of the field `say`, and return its answer as a page.

    `id` is the form's own: sent twice, it is run once. `incident` is the number of the incident that the page is about.
    """
    with site.reading() as tx:
        viewer = site.viewer(request, tx)
        if viewer is None:
            return site.signed_out(request, tx)
    if not site.is_from_form_of(viewer, request):
        return site.failed(request, ELSEWHERE, status=REFUSED)
    try:
        response = site.answer(_asked(request, viewer))
    except Refusal as refusal:  # it was not done in time
        return site.failed(request, refusal.sentence, status=503, viewer=viewer)
    facts = {
        "words": request.form.get("say", ""),
        "message": response.message,
        "opened": response.form,
        "is_refusal": response.is_refusal,
        "back": own_path(request.form.get("back", "")),
        "incident": request.form.get("incident", ""),
    }
    template = "web/answer" if request.headers.get("x-part") else "web/said"
    with site.reading() as tx:
        return page_of(site.html(template, facts, request, viewer=viewer, tx=tx))


def _asked(request: WebRequest, viewer: Viewer) -> Request:
    form = request.form
    number = form.get("incident", "")
    return Request(
        id=f"web:{viewer.csrf[:16]}:{form.get('id', '')[:64] or uuid4().hex}",
        text=as_typed_in_slack(form.get("say", "")[:LONGEST]),
        user=viewer.id,
        source=Source.WEB,
        incident=int(number) if number.isascii() and number.isdigit() and len(number) < 10 else None,  # noqa: PLR2004
        given={
            name.removeprefix(GIVEN): as_slack_sends(it[:LONGEST])
            for name, it in form.items()
            if name.startswith(GIVEN)
        },
    )
