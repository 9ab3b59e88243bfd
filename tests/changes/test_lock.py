"""Deploy locks: who may release one, what the second one is told, and when they are asked about."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.changes.lock import Lock, lock_agenda
from bot.domain.refusal import Refusal
from bot.testing import POLICY

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
LOCK = Lock(number=3, service="checkout", why="x", by="U0ANA", holder="person:U0ANA", since=NOON)
RUNS = replace(LOCK, holder="failover:12")


def test_a_persons_lock_is_released_by_anybody():
    released = LOCK.release(by="U0RAJ", at=NOON + DAY)

    assert not released.stands
    assert (released.released_by, released.released_at) == ("U0RAJ", NOON + DAY)


def test_what_runs_keeps_its_lock_unless_it_is_wanted_anyway():
    with pytest.raises(Refusal, match="locked by failover 12, which runs"):
        RUNS.release(by="U0RAJ", at=NOON)

    assert not RUNS.release(by="U0RAJ", at=NOON, anyway=True).stands


def test_the_second_one_is_told_who_has_it():
    assert "by <@U0ANA> since 12:00 UTC: x" in LOCK.already(asker="U0RAJ").sentence
    assert "by you since" in LOCK.already(asker="U0ANA").sentence
    assert "by failover 12 since" in RUNS.already(asker="U0ANA").sentence
    assert RUNS.already(asker="U0ANA").choices == ()


def test_a_lock_is_asked_about_daily_and_what_was_missed_once():
    [first] = lock_agenda(LOCK, POLICY)
    [second] = lock_agenda(LOCK.reminded(at=NOON + DAY), POLICY)
    [after_long] = lock_agenda(LOCK.reminded(at=NOON + 3.5 * DAY), POLICY)

    assert (first.due_at, second.due_at, after_long.due_at) == (NOON + DAY, NOON + 2 * DAY, NOON + 4 * DAY)
    assert len({first.key, second.key}) == 2


def test_nobody_is_asked_about_a_lock_that_is_gone_or_nobodys():
    assert lock_agenda(LOCK.release(by="U0ANA", at=NOON), POLICY) == []
    assert lock_agenda(replace(RUNS, by=None), POLICY) == []
