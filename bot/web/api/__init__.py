"""The API: what programs read with a token, and the same commands that people type. One module declares a few paths."""

from bot.web.answer import NotHere
from bot.web.api.endpoint import ApiRequest, reads
from bot.web.api.shapes import ApiInput, IncidentNumber, Moment, Query

__all__ = ["ApiInput", "ApiRequest", "IncidentNumber", "Moment", "NotHere", "Query", "reads"]
