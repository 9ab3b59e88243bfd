"""Public holidays, as Spy needs them."""

from datetime import date
from typing import Protocol


class Calendars(Protocol):
    """Calendars of holidays, by their names in the configuration: `PT`, `US-CA`, `holidays.ics`."""

    def holiday(self, calendar: str, day: date) -> str | None:
        """Return the name of the holiday on a day, else None; also if the calendar can't be read."""

    def trouble(self, calendar: str) -> str:
        """Return why a calendar can't be read; empty if it can."""


class NoCalendars:
    """Knows no holidays, for a bot without them."""

    def holiday(self, calendar: str, day: date) -> str | None:
        del calendar, day
        return None

    def trouble(self, calendar: str) -> str:
        return f"nobody knows the calendar {calendar}"
