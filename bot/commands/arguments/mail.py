"""An e-mail address, as typed or as Slack turns it into a link."""

from typing import NewType

from bot.commands.arguments.reader import Reader, by_word
from bot.domain.incident.following import LONGEST_ADDRESS, mail_address
from bot.services.transaction import Transaction

MailAddress = NewType("MailAddress", str)
"""An e-mail address that Spy may write to."""


def _read(word: str, tx: Transaction, asker: str) -> MailAddress:
    del tx, asker
    return MailAddress(mail_address(word))


MAIL_ADDRESS = Reader(
    looks=by_word(lambda word: "@" in word[1:]),
    read=_read,
    example="ceo@example.com",
    most=2 * LONGEST_ADDRESS,
)
