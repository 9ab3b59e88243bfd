"""The section `limits:`: how much one person, or for one team, may be opened and paged in a short time."""

from dataclasses import fields
from datetime import timedelta
from typing import Annotated

from pydantic import Field, StrictInt

from bot.config.values import Ahead, ConfigSection, Duration
from bot.domain.limits import LimitSettings

USUAL = LimitSettings()
Count = Annotated[StrictInt, Field(ge=1, le=1000)]


class LimitsSection(ConfigSection):
    within: Duration = USUAL.within
    incidents_per_person: Count = USUAL.incidents_per_person
    pages_per_person: Count = USUAL.pages_per_person
    pages_per_team: Count = USUAL.pages_per_team
    ring_again_after: Ahead = USUAL.ring_again_after
    """0 rings every page by itself."""
    plugin_command: Annotated[Duration, Field(ge=timedelta(seconds=3), le=timedelta(minutes=10))] = (
        USUAL.plugin_command
    )

    def limits(self) -> LimitSettings:
        return LimitSettings(**{it.name: getattr(self, it.name) for it in fields(LimitSettings)})
