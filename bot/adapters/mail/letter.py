"""A letter as a mail: plain text with a simple HTML twin, and the headers by which mailboxes thread and end it."""

import re
from collections.abc import Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from markupsafe import Markup, escape

from bot.domain.incident.following import LONGEST_ADDRESS, host_of
from bot.domain.text import one_line, shortened
from bot.ports import Letter

SENDER = "Spy"
LONGEST_SUBJECT = 200
"""Characters. A header takes time that grows with its square."""
ASCII_ONLY = SMTP.clone(cte_type="7bit")
"""Not every server takes letters beyond ASCII, so they are encoded."""
_ADDRESS = re.compile(r"https?://[^\s<>\"']+")
_LINK = Markup('<a href="{0}">{0}</a>')
_BOLD = re.compile(r"(?<![\w*])\*(?!\s)([^*\n]+)(?<!\s)\*(?![\w*])")


def composed(letter: Letter, *, sender: str) -> EmailMessage:
    """Return the mail. Sent again, it is the same."""
    mail = EmailMessage(policy=ASCII_ONLY)
    mail["From"] = Address(SENDER, addr_spec=sender[:LONGEST_ADDRESS])
    mail["To"] = Address(addr_spec=letter.to[:LONGEST_ADDRESS])
    mail["Subject"] = shortened(one_line(letter.subject), LONGEST_SUBJECT)
    mail["Date"] = format_datetime(letter.at)
    mail["Message-ID"] = _message_id(letter, letter.number, sender)
    if letter.number != letter.first:
        mail["In-Reply-To"] = mail["References"] = _message_id(letter, letter.first, sender)
    mail["List-Unsubscribe"] = f"<{letter.unfollow}>"
    if letter.unfollow.startswith("https://"):
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(letter.text)
    mail.add_alternative(html(letter), subtype="html")
    return mail


def html(letter: Letter) -> str:
    """Return the text as HTML: its paragraphs, bold words and links, and nothing that is loaded."""
    paragraphs = Markup("").join(
        Markup("<p>{}</p>\n").format(_paragraph(it.splitlines()))
        for it in re.split(r"\n{2,}", letter.text.strip())
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(one_line(letter.subject))}</title></head>\n"
        f'<body style="font-family: sans-serif; line-height: 1.5; max-width: 40em">\n{paragraphs}</body></html>\n'
    )


def _paragraph(lines: Sequence[str]) -> Markup:
    if not any("*" in it or "://" in it for it in lines):
        return escape("\n".join(lines)).replace("\n", Markup("<br>\n"))
    return Markup("<br>\n").join(map(_line, lines))


def _line(text: str) -> Markup:
    """Return one line with its links, and in bold what stands between asterisks."""
    done, at = list[Markup](), 0
    for found in _ADDRESS.finditer(text):
        done += (_bold(text[at : found.start()]), _LINK.format(found[0]))
        at = found.end()
    return Markup("").join((*done, _bold(text[at:])))


def _bold(text: str) -> Markup:
    if "*" not in text:
        return escape(text)
    return Markup(_BOLD.sub(r"<strong>\1</strong>", str(escape(text))))  # noqa: S704  escaped just here


def _message_id(letter: Letter, number: int, sender: str) -> str:
    return f"<{letter.thread}.{number}@{host_of(sender)}>"
