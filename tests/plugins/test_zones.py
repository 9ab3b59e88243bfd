"""People live in many zones; one that this machine does not know is read as UTC, and costs nothing else."""

import pytest

from bot.domain.effects import UpsertMessage
from bot.domain.oncall.shift import Shift
from bot.ports import Profile
from bot.services.people import People
from bot.testing import SpyKit
from tests.support.on_call import DAY, HOUR, Rota, turn
from tests.support.times import in_utc


@pytest.fixture(autouse=True)
def _nowhere(spy: SpyKit) -> None:
    for person in ("U0ANA", "U0RAJ"):
        with spy.tx() as tx:
            People(tx).met(person, Profile(name="Ana Lima", zone="America/Nowhere"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ('incident stop "rolled back"', "is resolved"),
        ('incident impact "half of EU" since 11:30', "11:30 UTC"),
        ('incident note "it began" at 11:30', "11:30 UTC"),
        ('incident action "alert earlier" by friday', "Follow-up 1"),
        ("incident take", "You already command INC-1"),
        ("postmortem due friday", "Nov 27 18:00 UTC"),
        ("oncall cover tomorrow", "not on call"),
        ("oncall me", "shift"),
        ("oncall load", "7 days"),
    ],
)
def test_every_command_works_for_whom_no_zone_is_known(spy: SpyKit, channel: str, words: str, said: str):
    spy.pass_time(seconds=1)

    answer = spy.say(words, channel=channel).message

    assert answer
    assert said.casefold() in in_utc(answer.text).casefold()


def test_reminders_go_on_for_a_day_and_longer(spy: SpyKit, channel: str):
    spy.pass_time(hours=25)

    assert spy.reminder_messages(to="U0ANA")[-1].text
    assert "still_open" in spy.incident(1).reminded


def test_one_persons_zone_hides_no_shift_of_the_others():
    rota = Rota()
    rota.moves_to("America/Nowhere", person="U0ANA")
    rota.on("ana", rota.now + DAY, rota.now + 2 * DAY)
    rota.on("raj", rota.now + 2 * DAY, rota.now + 3 * DAY)

    rota.sync()
    rota.pass_time(2 * DAY)

    assert {it.to for it in rota.spy.asked(UpsertMessage) if it.message_type == "warning"} == {
        "U0ANA",
        "U0RAJ",
    }


def test_a_shift_that_was_kept_with_such_a_zone_is_told_in_utc():
    start = Rota().now
    kept = turn("PSCH1", "ana@example.com", start, start + HOUR)

    shift = Shift.new(1, kept, team="imoc", person="U0ANA", zone="America/Nowhere", known_since=start)

    assert shift.local[0].tzname() == "UTC"
