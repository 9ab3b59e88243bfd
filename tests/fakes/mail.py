"""A mail server that is a list. It passes the same tests as the adapter: tests/contracts/test_mail.py."""

from collections.abc import Callable

from bot.ports import Letter


class FakeMail:
    """Implements `ports.Mail`. `failures` are raised in turn; one after `taken` is raised when the mail is kept."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.failures: list[Callable[[Letter], Exception | None]] = []
        self.losses: list[Exception] = []

    def fail(self, failure: Exception, *, to: str = "") -> None:
        """Let the next mail (to an address) raise this."""
        self.failures.append(lambda letter: failure if to in letter.to else None)

    def lose(self, failure: Exception) -> None:
        """Let the next mail be kept, and raise this."""
        self.losses.append(failure)

    def send(self, letter: Letter) -> None:
        for at, failure in enumerate(self.failures):
            if found := failure(letter):
                del self.failures[at]
                raise found
        self.letters.append(letter)
        if self.losses:
            raise self.losses.pop(0)

    def to(self, address: str) -> list[str]:
        return [it.text for it in self.letters if it.to == address]
