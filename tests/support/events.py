"""All kinds of events that people see besides the timeline."""

from bot.domain.event import EVENT_KINDS

SHOWN = [kind for kind in EVENT_KINDS.values() if kind.shown_in]
