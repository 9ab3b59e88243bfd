"""What both databases keep to about the versions of config.yaml, also when many processes decide at once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

from bot.domain.config_version import ConfigVersion
from bot.domain.effects import Notify
from bot.domain.policy import Policy
from bot.ports import Sessions
from bot.services.configuration import ConfigVersions, Held
from bot.services.retry import retry_on_conflict
from bot.services.transaction import Transaction
from tests.contracts.test_session import NOON

HOUR = timedelta(hours=1)
OLD = ConfigVersion(
    hash="a1", text="web: {port: 3001}\n", taken_at=NOON, taken_by="spy-1:7", change="the first one"
)
NEW = replace(OLD, hash="b2", text="é \U0001f525\n", taken_at=NOON + HOUR)
BAD = ConfigVersion(
    hash="c3", refused_at=NOON + 2 * HOUR, refused_by="spy-1:7", mistakes=("line 3", "line 4")
)
BEGUN = replace(OLD, content_hash="d4").held_by("spy-1:/c.yaml").begun("spy-1:7", "spy-1:/c.yaml", NOON)
POLICY = Policy(permissions={"admin": frozenset({"U0ANA"})})


def test_a_version_comes_back_as_it_was_last_put(sessions: Sessions) -> None:
    with sessions.begin() as session:
        for version in (OLD, NEW, BAD, BEGUN):
            session.config_versions.put(version)

    with sessions.read() as session:
        assert session.config_versions.get("a1") == BEGUN
        assert session.config_versions.taken(limit=9) == [NEW, BEGUN]
        assert session.config_versions.taken(limit=1) == [NEW]
        assert session.config_versions.last_refused() == BAD


def test_what_is_old_is_forgotten_unless_it_is_to_be_kept(sessions: Sessions) -> None:
    with sessions.begin() as session:
        for version in (OLD, NEW, BAD):
            session.config_versions.put(version)
        session.config_versions.forget(before=NOON + 2 * HOUR, keep=["a1"])

    with sessions.read() as session:
        found = [it for it in ("a1", "b2", "c3") if session.config_versions.get(it)]
        assert found == ["a1", "c3"]


def test_many_processes_that_refuse_one_file_at_once_tell_it_once(sessions: Sessions) -> None:
    def refuse(nth: int) -> int:
        with sessions.begin() as session:
            tx = Transaction(session=session, now=NOON, policy=POLICY)
            ConfigVersions(tx).refuse(
                Held(hash="c3", by=f"spy-{nth}:7", file=f"spy-{nth}:/c.yaml"), ["line 3"]
            )
            return len([it for it in tx.effects if isinstance(it, Notify)])

    with ThreadPoolExecutor(8) as processes:
        told = list(processes.map(lambda nth: retry_on_conflict(lambda: refuse(nth)), range(8)))

    assert sum(told) == 1


def test_many_processes_that_take_one_file_at_once_make_one_version(sessions: Sessions) -> None:
    def take(nth: int) -> None:
        with sessions.begin() as session:
            tx = Transaction(session=session, now=NOON + nth * HOUR, policy=POLICY)
            held = Held(hash="a1", text="text", by=f"spy-{nth}:7", file=f"spy-{nth}:/c.yaml")
            ConfigVersions(tx).take(held, change="the first one")

    with ThreadPoolExecutor(8) as processes:
        list(processes.map(lambda nth: retry_on_conflict(lambda: take(nth)), range(8)))

    with sessions.read() as session:
        assert len(session.config_versions.taken(limit=9)) == 1
