"""What is wrong with a runbook, at a line of its file."""


class UnusableRunbook(Exception):  # noqa: N818  named for what it is
    """A runbook that can't be used: (line, sentence) of each mistake; line 1 is the file's first."""

    def __init__(self, *mistakes: tuple[int, str]) -> None:
        super().__init__("; ".join(f"{line}: {sentence}" for line, sentence in mistakes))
        self.mistakes = mistakes


class Misplaced(Exception):  # noqa: N818  named for what happened
    """Something stands where it could become more than it is; the sentence says what to write instead.

    Where no value is in it the line is not known: `near` are words of it.
    """

    def __init__(self, line: int | None, sentence: str, *, near: str = "") -> None:
        super().__init__(sentence)
        self.line = line
        self.sentence = sentence
        self.near = near
