"""What nobody waits for gives way to answers, but not for ever."""

import time

from bot.adapters.database.turns import QUIET_TIME, UNHURRIED, Turns
from bot.ports import TimeLimit


def test_a_page_waits_while_a_command_is_answered_and_no_longer_than_its_patience():
    turns = Turns(exclusive=False)

    began = time.monotonic()
    turns.give_way()
    assert time.monotonic() - began < UNHURRIED / 2, "nobody is answered"

    with turns.at_once(TimeLimit.none()):
        began = time.monotonic()
        turns.give_way()
        assert UNHURRIED <= time.monotonic() - began < 10 * UNHURRIED
    answered = time.monotonic()
    turns.give_way()
    assert time.monotonic() >= answered + QUIET_TIME
