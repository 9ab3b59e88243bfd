"""What every unit of work keeps to about postmortems, follow-ups and the marks of a timeline."""

from dataclasses import replace
from datetime import date

from bot.domain.oncall.shift import SentReminder
from bot.domain.postmortem.follow_up import Category, Filed, FollowUp
from bot.domain.postmortem.postmortem import OWED, Postmortem
from bot.domain.subject import Occurrence
from bot.ports import Sessions
from tests.contracts.test_session import NOON, noted


def follow_up(number: int, *, incident: int = 1, owner: str | None = "U0RAJ") -> FollowUp:
    return FollowUp(
        number=number,
        incident=incident,
        what="alert on it",
        added_by="U0ANA",
        added_at=NOON,
        category=Category.DETECTION,
        owner=owner,
        due=date(2026, 12, 4),
    )


def test_a_postmortem_comes_back_as_it_was(sessions: Sessions) -> None:
    filed = Filed(repository="acme/postmortems", number=9, url="https://x.example/9")
    whole = Postmortem(
        incident=1,
        owner="U0RAJ",
        due=NOON,
        parts={"lucky": "noon"},
        nothing={"recovery": "because"},
        filed=filed,
        edited_by_people=("public",),
        told={Occurrence(OWED, "1", "half"): SentReminder(at=NOON, late=True)},
        told_to={Occurrence(OWED, "1", "half"): "U0ANA"},
    )
    with sessions.begin() as session:
        session.postmortems.put(Postmortem(incident=1))
        session.postmortems.put(whole)

    with sessions.begin() as session:
        assert session.postmortems.get(1) == whole
        assert session.postmortems.get(2) is None


def test_follow_ups_are_found_by_incident_by_owner_and_by_issue(sessions: Sessions) -> None:
    filed = replace(
        follow_up(2), filed=Filed(repository="Acme/Postmortems", number=9, url="https://x.example/9")
    )
    done = replace(follow_up(3), done_at=NOON, done_by="raj-p", why="completed")
    with sessions.begin() as session:
        for it in (follow_up(1), filed, done, follow_up(4, incident=2, owner=None)):
            session.follow_ups.put(it)

    with sessions.begin() as session:
        assert session.follow_ups.get(3) == done
        assert [it.number for it in session.follow_ups.of(1)] == [1, 2, 3]
        assert [it.number for it in session.follow_ups.open_of("U0RAJ")] == [1, 2]
        assert [it.number for it in session.follow_ups.open(limit=2)] == [4, 2]
        assert session.follow_ups.filed_as("acme/postmortems", 9) == filed
        assert session.follow_ups.filed_as("acme/postmortems", 8) is None


def test_follow_ups_have_numbers_of_their_own(sessions: Sessions) -> None:
    with sessions.begin() as session:
        first = session.follow_ups.reserve()
        session.follow_ups.put(follow_up(first))
    with sessions.begin() as session:
        second = session.follow_ups.reserve()

    assert (first, second) == (1, 2)


def test_entries_are_marked_and_unmarked(sessions: Sessions) -> None:
    with sessions.begin() as session:
        for seq in (1, 2, 3):
            session.timeline.append(noted(seq, incident=1))
        session.timeline.set_visibility(1, [1, 3], "hidden")
        session.timeline.set_visibility(1, [3], None)

    with sessions.begin() as session:
        assert [it.visibility for it in session.timeline.of(1)] == ["hidden", None, None]
