"""A request that can't be met, in a sentence that says what to do instead."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A way out of a refusal: a button's label and the command it runs."""

    label: str
    say: str


class Refusal(Exception):  # noqa: N818  a refusal is an answer, not an error
    """Raised if the asker can act on it. The sentence is written for 3 a.m.

    `slot` names the wrong part of the request, so that a form can show the sentence at that field.
    """

    def __init__(self, sentence: str, *, slot: str | None = None, choices: tuple[Choice, ...] = ()) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.slot = slot
        self.choices = choices
