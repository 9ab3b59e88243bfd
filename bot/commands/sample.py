"""Sample facts for a team's own template: Spy renders it with them before anybody reads it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, eq=False)
class Sample:
    """Declare facts of a template in a plugin file: `Sample("coffee/sent", {"by": "U0ANA", "wish": None})`.

    If the template does not render with them, the plugin is not loaded.
    """

    template: str
    facts: Mapping[str, Any]
