"""Spy's templates, overridden by a team's own, which are tested with sample facts before anybody reads them."""

from collections.abc import Iterable
from contextlib import suppress
from itertools import chain

from bot.adapters.rendering.templates import JinjaTemplates
from bot.commands.sample import Sample
from bot.config import Settings
from bot.ports import Clock

RUNBOOKS = "runbooks/"
"""Runbooks are checked when they are loaded."""


def open_templates(settings: Settings, clock: Clock, samples: Iterable[Sample] = ()) -> JinjaTemplates:
    """Open the folders of `templates:`. Unusable templates are refused and listed in `mistakes`.

    `samples` are the facts that plugins declare for templates of their own.
    """
    templates = undrawn(settings, clock)
    names = own_templates(templates)
    for name in names:
        templates.try_to_read(name)
    if names:
        _draw_all(templates, samples)
    return templates


def undrawn(settings: Settings, clock: Clock) -> JinjaTemplates:
    """Open the folders, and leave it to the caller to draw what is in them."""
    return JinjaTemplates(
        settings.template_folders, clock=clock, pager=settings.pager_name, tracker=settings.tracker_name
    )


def own_templates(templates: JinjaTemplates) -> list[str]:
    """Return the names of a team's own templates."""
    return [name for name in templates.loader.own_templates() if not name.startswith(RUNBOOKS)]


def _draw_all(templates: JinjaTemplates, own: Iterable[Sample]) -> None:
    """Render every message, form and document. A failure that Spy's own template shares is not the team's fault."""
    from bot.app.samples.documents import documents  # noqa: PLC0415  few teams need the samples
    from bot.app.samples.messages import FORMS, cases  # noqa: PLC0415  as above
    from bot.app.samples.world import NAMES  # noqa: PLC0415  as above

    samples = cases(templates)
    of_spys = ((name, facts) for name in filter(templates.is_own, samples) for facts in samples[name])
    for name, facts in chain(of_spys, ((it.template, it.facts) for it in own)):
        with suppress(Exception):
            templates.render(name, facts, names=NAMES.get)
    for name, facts in FORMS.items():
        with suppress(Exception):
            templates.form(name, facts)
    for name, facts in documents().items():
        with suppress(Exception):
            templates.document(name, facts, names=NAMES.get)
