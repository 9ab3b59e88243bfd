"""E-mail, as Spy needs it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.ports.failures import Unreachable

NO_SUCH_ADDRESS = "the mail server knows no such address"
"""The words of a refusal that ends what an address follows."""


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A mail to one address. Those of one `thread` are shown as one conversation.

    `number` and `thread` name the mail: sent again, it has the same Message-ID, by which mailboxes keep one copy.
    """

    to: str
    subject: str
    text: str
    unfollow: str
    """The address of the page by which its reader ends it. A POST there ends it at once."""
    thread: str
    number: int
    first: int
    """The number of the thread's first mail."""
    at: datetime
    """Its date (UTC), which stays the same if it is sent again."""


class Deferred(Unreachable):
    """The server refuses this mail for now (4xx). It was not delivered; other mails may be."""


class Unconfirmed(Unreachable):
    """The whole mail was handed over, and no answer came: it may have been delivered."""


class Mail(Protocol):
    def send(self, letter: Letter) -> None:
        """Hand a mail to the server.

        Raise Rejected if the server refuses it for good, with NO_SUCH_ADDRESS if it is the address. Raise Deferred or
        Unconfirmed as they say. Raise Unreachable if nothing was handed over.
        """
