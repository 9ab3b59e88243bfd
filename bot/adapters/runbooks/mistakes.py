"""Errors in a runbook, with the line of the file."""


class UnusableRunbook(Exception):  # noqa: N818  named for what it is
    """A runbook can't be used. `mistakes` are (line, sentence) pairs; the first line of the file is 1."""

    def __init__(self, *mistakes: tuple[int, str]) -> None:
        super().__init__("; ".join(f"{line}: {sentence}" for line, sentence in mistakes))
        self.mistakes = mistakes


class Misplaced(Exception):  # noqa: N818  named for what happened
    """A value is in a place where it could become code or markup. The sentence says what to write instead.

    If the mistake has no value in it, `line` is None and `near` is some text from its place.
    """

    def __init__(self, line: int | None, sentence: str, *, near: str = "") -> None:
        super().__init__(sentence)
        self.line = line
        self.sentence = sentence
        self.near = near
