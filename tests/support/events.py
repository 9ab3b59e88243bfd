"""All kinds of events that there are."""

from bot.domain.event import Event


def kinds(of: type[Event] = Event) -> list[type[Event]]:
    """Return the kinds that are declared below this one, each before its own."""
    return [it for kind in of.__subclasses__() for it in (kind, *kinds(kind))]


SHOWN = [kind for kind in kinds() if kind.shown_in]
"""Those that people see besides the timeline."""
