"""GitHub's Markdown as HTML. HTML in it stays text, except for a few harmless tags."""

import re
from collections.abc import Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from markupsafe import Markup, escape

from bot.sandbox.page.icons import icon

HARMLESS = re.compile(r"</?(?:details|summary|br|kbd|sub|sup|hr)\s*/?>")
TASK = re.compile(r"\[([ xX])\] ")


class _Renderer(RendererHTML):
    def html_block(self, tokens: Sequence[Token], idx: int, _options: OptionsDict, _env: Any) -> str:
        return _harmless(tokens[idx].content)

    def html_inline(self, tokens: Sequence[Token], idx: int, _options: OptionsDict, _env: Any) -> str:
        return _harmless(tokens[idx].content)

    def image(self, tokens: Sequence[Token], idx: int, _options: OptionsDict, _env: Any) -> str:
        """Show the description. The page loads nothing from outside the box."""
        return str(
            Markup('<span class="picture">{} {}</span>').format(
                icon("picture"), tokens[idx].content or "picture"
            )
        )

    def text(self, tokens: Sequence[Token], idx: int, _options: OptionsDict, _env: Any) -> str:
        content = tokens[idx].content
        match = TASK.match(content) if idx == 0 else None
        if match is None:
            return str(escape(content))
        state = Markup('aria-label="open"') if match[1] == " " else Markup('aria-label="done" checked')
        return str(Markup('<input type="checkbox" disabled {}> {}').format(state, content[match.end() :]))


def markdown(text: str) -> Markup:
    """Render a body or a comment. HTML comments are hidden, as on GitHub."""
    reader = MarkdownIt("commonmark", {"html": True}, renderer_cls=_Renderer)
    reader.enable(["table", "strikethrough"])
    return Markup(reader.render(text))  # noqa: S704 - made by a renderer that escapes


def _harmless(content: str) -> str:
    shown, at = list[str](), 0
    seen = _without_comments(content)
    for match in HARMLESS.finditer(seen):
        shown += [str(escape(seen[at : match.start()])), match[0]]
        at = match.end()
    return "".join([*shown, str(escape(seen[at:]))])


def _without_comments(content: str) -> str:
    """Remove HTML comments. One without an end is text."""
    shown, at = list[str](), 0
    while (begins := content.find("<!--", at)) >= 0 and (ends := content.find("-->", begins + 4)) >= 0:
        shown.append(content[at:begins])
        at = ends + 3
    return "".join([*shown, content[at:]])
