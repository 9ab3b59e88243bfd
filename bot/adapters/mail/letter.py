"""A letter as a mail: plain text with a simple HTML twin, and the headers by which mailboxes thread and end it."""

import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from markupsafe import Markup, escape

from bot.domain.incident.following import host_of
from bot.domain.text import one_line
from bot.ports import Letter

SENDER = "Spy"
ASCII_ONLY = SMTP.clone(cte_type="7bit")
"""Not every server takes letters beyond ASCII, so they are encoded."""
_ADDRESS = re.compile(r"https?://[^\s<>\"']+")
_BOLD = re.compile(r"(?<![\w*])\*(?!\s)([^*\n]+)(?<!\s)\*(?![\w*])")


def composed(letter: Letter, *, sender: str) -> EmailMessage:
    """Return the mail. Sent again, it is the same."""
    mail = EmailMessage(policy=ASCII_ONLY)
    mail["From"] = Address(SENDER, addr_spec=sender)
    mail["To"] = Address(addr_spec=letter.to)
    mail["Subject"] = one_line(letter.subject)
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
        Markup("<p>{}</p>\n").format(Markup("<br>\n").join(map(_line, it.splitlines())))
        for it in re.split(r"\n{2,}", letter.text.strip())
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(one_line(letter.subject))}</title></head>\n"
        f'<body style="font-family: sans-serif; line-height: 1.5; max-width: 40em">\n{paragraphs}</body></html>\n'
    )


def _line(text: str) -> Markup:
    """Return one line with its links, and in bold what stands between asterisks."""
    done, at = Markup(), 0
    for found in _ADDRESS.finditer(text):
        done += _bold(text[at : found.start()]) + Markup('<a href="{0}">{0}</a>').format(found[0])
        at = found.end()
    return done + _bold(text[at:])


def _bold(text: str) -> Markup:
    return Markup(_BOLD.sub(r"<strong>\1</strong>", str(escape(text))))  # noqa: S704  escaped just here


def _message_id(letter: Letter, number: int, sender: str) -> str:
    return f"<{letter.thread}.{number}@{host_of(sender)}>"
