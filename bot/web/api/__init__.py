"""The API: what programs read with a token, and the same commands that people type. One module declares a few paths."""

from bot.web.api.endpoint import ApiRequest, Nothing, reads
from bot.web.api.shapes import IncidentNumber, Moment, Query, Shape

__all__ = ["ApiRequest", "IncidentNumber", "Moment", "Nothing", "Query", "Shape", "reads"]
