"""`spy postmortem`: an incident's postmortem as Markdown, from the database alone."""

from contextlib import ExitStack
from dataclasses import dataclass

from bot.adapters.database import Database, make_ready, open_engine
from bot.adapters.network.clock import SystemClock
from bot.adapters.rendering.templates import JinjaTemplates
from bot.app.build import open_clock
from bot.config import Settings
from bot.services.postmortem.documents import Documents
from bot.services.transaction import Transaction


@dataclass(frozen=True, kw_only=True)
class Written:
    text: str
    picture: str
    """The incident drawn as SVG."""


def postmortem(settings: Settings, number: int) -> Written | None:
    """Return the postmortem as Markdown; None if there is no such incident."""
    clock = open_clock(settings, SystemClock())
    with ExitStack() as stack:
        engine = open_engine(settings.env.database_url.get_secret_value())
        stack.callback(engine.dispose)
        make_ready(engine)
        session = stack.enter_context(Database(engine).read())
        incident = session.incidents.get(number)
        if incident is None:
            return None
        documents = Documents(Transaction(session=session, now=clock.now(), policy=settings.policy()))
        facts = documents.document(incident)
        names = documents.names(facts)
    templates = JinjaTemplates(settings.template_folders, tracker=settings.tracker_name)
    document = templates.document("postmortem/document", facts, names=names)
    return Written(text=document.text, picture=templates.picture(document.title, facts["picture"]))
