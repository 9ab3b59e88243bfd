"""Public holidays: by country and region, or from an iCalendar file."""

from bot.adapters.calendars.calendars import HolidayCalendars

__all__ = ["HolidayCalendars"]
