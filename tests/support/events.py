"""All kinds of events that people see besides the timeline."""

from bot.app.samples.made import kinds

SHOWN = [kind for kind in kinds() if kind.shown_in]
