"""The page's icons: drawn in one SVG file, so that they need no font with emoji."""

from markupsafe import Markup

ICON = Markup('<svg class="icon" aria-hidden="true"><use href="/static/icons.svg#{}"/></svg>')


def icon(name: str) -> Markup:
    return ICON.format(name)
