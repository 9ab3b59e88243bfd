"""The page's templates. All values are escaped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

from jinja2 import Environment, PackageLoader

from bot.sandbox.page.icons import icon
from bot.sandbox.page.markdown import markdown
from bot.sandbox.page.mrkdwn import Names, as_typed, link, mrkdwn, plain
from bot.sandbox.slack.emoji import OFTEN, character
from bot.sandbox.slack.world import Json, SlackChannel, SlackPerson

HUES = 8
TYPED = {
    "plain_text_input": "text",
    "email_text_input": "email",
    "url_text_input": "url",
    "number_input": "number",
    "datepicker": "date",
    "timepicker": "time",
    "datetimepicker": "datetime-local",
}
INITIAL = (
    "initial_value",
    "initial_date",
    "initial_time",
    "initial_user",
    "initial_users",
    "initial_channel",
    "initial_conversation",
)


class PageTemplates:
    def __init__(
        self, *, people: Callable[[], list[SlackPerson]], channels: Callable[[], list[SlackChannel]]
    ) -> None:
        self._people = people
        self._channels = channels

    def warm(self) -> None:
        """Load all templates before the first request."""
        for name in _templates().list_templates():
            _templates().get_template(name)

    def render(self, template: str, names: Names, facts: Mapping[str, Any]) -> str:
        """Render a template for one reader."""
        words: dict[str, Callable[..., Any]] = {
            "mrkdwn": partial(mrkdwn, names=names),
            "link": partial(link, names=names),
            "inside": names.link,
            "picks": partial(self._picks, names=names),
        }
        return _templates().get_template(f"{template}.html.j2").render({**facts, **words})

    def _picks(self, element: Json, names: Names) -> list[tuple[str, str]]:
        """Return the people or channels that a select offers, besides its own options."""
        kind = str(element["type"]).removeprefix("multi_")
        if kind == "users_select":
            return [(person.id, person.real_name) for person in self._people()]
        if kind in ("channels_select", "conversations_select"):
            seen = [it for it in self._channels() if names.may_enter(it.id) and not it.is_archived]
            wanted = [it for it in seen if kind == "conversations_select" or not it.is_private]
            return [(channel.id, f"#{channel.name}") for channel in wanted]
        return []


@cache
def _templates() -> Environment:
    """Load the templates once per process, since a test opens many boxes."""
    made = Environment(
        loader=PackageLoader("bot.sandbox.page"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    made.globals |= {
        "plain": plain,
        "as_typed": as_typed,
        "markdown": markdown,
        "icon": icon,
        "emoji": character,
        "often": OFTEN,
        "typed": TYPED,
        "initial": _initial,
        "hue": lambda person: sum(map(ord, person.id)) % HUES,
    }
    return made


def _initial(element: Json) -> str | list[str]:
    """Return the value or values that an element starts with."""
    options = [element["initial_option"]] if element.get("initial_option") else element.get("initial_options")
    if options:
        return [option["value"] for option in options]
    found = next((element[key] for key in INITIAL if element.get(key)), "")
    return found if isinstance(found, list) else str(found)
