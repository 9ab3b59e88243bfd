"""What both databases keep to about publications and previews, also when many publish at once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

from bot.domain.policy import Policy
from bot.domain.status.component import USUAL_STATES
from bot.domain.status.publication import Publication, Stage, StatusDraft, publish
from bot.ports import Person, Sessions
from bot.services.retry import retry_on_conflict
from bot.services.status.public_status import PublicStatus
from bot.services.transaction import Transaction
from tests.contracts.test_session import NOON
from tests.support.status import API, CHECKOUT, STATUS

DRAFT = StatusDraft(
    number=1,
    component="checkout",
    state="degraded",
    words="Payments are slow \U0001f422 désolé",
    by="U0ANA",
    at=NOON,
    stage=Stage.INVESTIGATING,
    incident=3,
)


def published(number: int, *, before: Publication | None = None, state: str = "degraded") -> Publication:
    return publish(
        DRAFT,
        number=number,
        component=CHECKOUT,
        state=USUAL_STATES[state],
        before=before,
        by="U0ANA",
        at=NOON + number * timedelta(minutes=1),
    )


def test_what_was_published_comes_back_as_it_was(sessions: Sessions) -> None:
    slow = published(1)
    works = published(2, before=slow, state="operational")
    api = replace(published(3), component=API.key, incident=None)
    with sessions.begin() as session:
        for it in (slow, works, api):
            session.publications.put(it)
        assert session.publications.last_of("checkout") == works

    with sessions.read() as session:
        assert session.publications.get(1) == slow
        assert session.publications.get(4) is None
        assert session.publications.last_of("checkout") == works
        assert session.publications.last_of("search") is None
        assert session.publications.of_thread(1) == [slow, works]
        assert session.publications.newest(limit=9) == [api, works, slow]
        assert session.publications.newest(component="checkout", limit=1) == [works]
        assert session.publications.newest(before=3, limit=9) == [works, slow]


def test_a_preview_comes_back_as_it_was(sessions: Sessions) -> None:
    done = DRAFT.published(published(1))
    with sessions.begin() as session:
        session.status_drafts.put(DRAFT)
        session.status_drafts.put(done)

    with sessions.read() as session:
        assert session.status_drafts.get(1) == done
        assert session.status_drafts.get(2) is None


def test_numbers_are_given_once(sessions: Sessions) -> None:
    numbers = []
    for _ in range(2):
        with sessions.begin() as session:
            numbers.append(session.publications.reserve())
            session.publications.put(published(numbers[-1]))

    assert numbers[0] != numbers[1]


def test_many_presses_at_once_publish_once(sessions: Sessions) -> None:
    policy = Policy(status=STATUS)
    with sessions.begin() as session:
        session.people.put(Person(id="U0ANA", name="Ana Lima", profiled_at=NOON))
        tx = Transaction(session=session, now=NOON, policy=policy)
        status = PublicStatus(tx)
        first = status.preview(CHECKOUT, STATUS.states["degraded"], "Slow.", by="U0ANA", incident=None)

    def press(_: int) -> bool:
        with sessions.begin() as session:
            tx = Transaction(session=session, now=NOON, policy=policy)
            return PublicStatus(tx).publish(first.number, by="U0ANA").is_new

    with ThreadPoolExecutor(8) as people:
        presses = list(people.map(lambda nth: retry_on_conflict(lambda: press(nth)), range(8)))

    assert sum(presses) == 1
    with sessions.read() as session:
        assert len(session.publications.newest(limit=9)) == 1
