"""What is shown of what a program says: however it is cut into reads, no secret of it."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.actions.output import KEPT, Output, Secrets

SECRETS = ("swordfish-1", "fish", "-----BEGIN KEY-----\nMIIE+/=\n-----END KEY-----\n", "abab-abac")


def shown(*parts: bytes, secrets: tuple[str, ...] = SECRETS) -> str:
    heard: list[str] = []
    output = Output(heard.append, Secrets(secrets))
    for part in parts:
        output.take(part)
    output.end()
    assert "".join(heard)[-KEPT:] == output.text
    return output.text


def test_a_secret_is_masked_wherever_a_read_cuts_it():
    said = b"log in: swordfish-1 or \x1b[1msword\x1b[0mfish-1, xoxb-1234-5678!"

    cut = {shown(said[:at], said[at:]) for at in range(len(said) + 1)}

    assert cut == {"log in: *** or ***, ***!"}


def test_a_secret_of_several_lines_is_masked_line_ends_of_either_kind():
    key = "-----BEGIN KEY-----\nMIIE+/=\n-----END KEY-----"

    assert (
        shown(*(bytes([each]) for each in f"a {key} b {key}".replace("\n", "\r\n").encode())) == "a *** b ***"
    )


def test_a_secret_within_another_gives_nothing_away():
    assert shown(b"swordfi", b"sh-1 fi", b"sh swordfish", b"-2") == "*** *** sword***-2"


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([*SECRETS, "ab", "abab-", "sword", " ", "\n", "fi", "☃", "x" * 600])),
    st.randoms(),
)
def test_no_secret_is_shown_however_it_is_cut(pieces: list[str], chance: random.Random):
    said = "".join(pieces).encode()
    cuts = sorted(chance.randrange(len(said) + 1) for _ in range(5))

    text = shown(*(said[a:b] for a, b in zip([0, *cuts], [*cuts, len(said)], strict=True)))

    assert not any(secret.strip() in text for secret in SECRETS)


def test_a_short_value_is_no_secret_since_it_would_hide_half_of_every_text():
    assert shown(b"a line as any", secrets=("a", "", "  on  ")) == "a line as any"


def test_a_line_is_heard_before_the_next_one_comes():
    heard: list[str] = []
    output = Output(heard.append, Secrets(SECRETS))

    output.take(b"drained 1 of 2\n")

    assert heard == ["drained 1 of 2\n"]


def test_what_is_kept_begins_with_a_whole_character():
    output = Output(len, Secrets(()))

    output.take("☃".encode() * KEPT)
    output.end()

    assert set(output.text) == {"☃"}
    assert output.dropped == 3 * KEPT - len(output.text.encode())
