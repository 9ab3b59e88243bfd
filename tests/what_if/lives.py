"""Random lives of incidents: people, pages and the real reminders, on a clock that goes to each due time."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from random import Random

from bot.domain.incident.incident import Incident
from bot.domain.incident.state import Phase
from bot.domain.paging.effects import AnswerPage, EscalatePage, SendPage
from bot.domain.paging.page import Page
from bot.domain.policy import Milestone, Policy
from bot.domain.refusal import Refusal
from bot.ports import PagerNews, Profile, Ringing
from bot.services.incident.incidents import Incidents
from bot.services.incident.merges import Merges
from bot.services.paging.pager_results import PagerResults
from bot.services.paging.paging import Paging
from bot.services.people import People
from bot.services.relief.relief import Relief
from bot.services.reminders import Reminders
from bot.services.transaction import Transaction
from bot.testing import POLICY, FrozenClock, MemoryDatabase

ZONES = {"U0ANA": "Europe/Rome", "U0RAJ": "Asia/Kolkata", "U0KIM": "America/New_York", "U0BEA": None}
PEOPLE = tuple(ZONES)
LEASE = timedelta(seconds=30)
WITH_MILESTONES = replace(
    POLICY,
    teams={**POLICY.teams, "imoc": replace(POLICY.teams["imoc"], manager="U0BEA")},
    milestones=(
        Milestone(name="page", when=(timedelta(seconds=30),), at_stop=True, message="Check the status page."),
        Milestone(
            name="impact",
            when=(timedelta(minutes=5), timedelta(minutes=20)),
            to="channel",
            message="Impact?",
            unless="impact",
        ),
    ),
)


class Lives:
    """What happens is drawn from the seed. `sessions` holds what Spy stored of it."""

    def __init__(self, seed: int, policy: Policy = WITH_MILESTONES) -> None:
        self.random = Random(seed)  # noqa: S311  it must be repeatable, not secret
        self.policy, self.clock, self.sessions = policy, FrozenClock(), MemoryDatabase()
        self._rings = 0
        with self._tx() as tx:
            for person, zone in ZONES.items():
                People(tx).met(person, Profile(name=person.title(), zone=zone))

    def _tx(self) -> "_Begun":
        return _Begun(self)

    def lived(self, steps: int) -> "Lives":
        """Let so many things happen. Then all incidents end, but for one, and two hours pass."""
        with self._tx() as tx:
            self.declare(tx)
        for _ in range(steps):
            with suppress(Refusal), self._tx() as tx:
                self.random.choice(DEEDS)(self, tx)
            self.deliver()
            self.pass_time(self.random.choice((1, 2, 7, 16, 31, 70)))
            if self.random.random() < 0.15:
                self.sleep(self.random.choice((3, 20, 100)))
        self.end(but=1)
        self.pass_time(2 * 60)
        return self

    def end(self, *, but: int = 0) -> None:
        """Resolve all incidents that are open, but for the newest ones."""
        with self._tx() as tx:
            for it in tx.session.incidents.open(limit=100)[but:]:
                Incidents(tx).resolve(tx.incident(it.number), "done", by="U0ANA", anyway=True)
        self.deliver()

    def usual(self, incidents: int) -> "Lives":
        """Live through incidents as most are, one after another: paged, answered, updated, mitigated, resolved."""
        course = (
            Lives.hear_acknowledged,
            Lives.state_impact,
            Lives.update,
            Lives.suspect,
            Lives.update,
            Lives.mitigate,
        )
        for nth in range(incidents):
            for deed in (Lives.declare, *course[nth % 3 :]):
                with suppress(Refusal), self._tx() as tx:
                    deed(self, tx)
                self.deliver()
                self.pass_time(self.random.choice((2, 4, 8, 12, 25)))
            self.end()
            self.pass_time(30)
        return self

    # --- time ---

    def pass_time(self, minutes: float) -> None:
        """Let time pass with Spy awake: it sends what is due, some of it a moment late."""
        until = self.clock.now() + timedelta(minutes=minutes)
        while True:
            with self._tx() as tx:
                due = tx.session.timers.next_due()
            if due is None or due > until:
                break
            self.clock.reach(due + timedelta(seconds=self.random.choice((0, 0, 0.4, 1.3))))
            with self._tx() as tx:
                Reminders(tx).tick(100)
            self.deliver()
        self.clock.reach(until)

    def sleep(self, minutes: float) -> None:
        """Let time pass while no Spy runs. It sends what is late when it is back."""
        self.clock.tick(minutes=minutes)
        self.pass_time(0)

    # --- the pager ---

    def deliver(self) -> None:
        """Do at the pager what Spy asks for."""
        with self.sessions.begin() as session:
            items = session.outbox.claim("lives", now=self.clock.now(), lease=LEASE, limit=1000)
            for item in items:
                session.outbox.done(item.id, at=self.clock.now())
        for item in items:
            with self._tx() as tx:
                match item.effect:
                    case SendPage(page=page):
                        PagerResults(tx).sent(page, self._ringing(page, "triggered", assigned="Level 1"))
                    case EscalatePage(page=page, level=level) if level < 3:
                        to = self._ringing(page, "triggered", assigned=f"Level {level}")
                        PagerResults(tx).escalated(page, level, to)
                    case EscalatePage(page=page):
                        PagerResults(tx).not_escalated(page)
                    case AnswerPage(page=page, answer=answer, by=by):
                        PagerResults(tx).answered(page, answer, self._ringing(page, answer), by=by)

    def _ringing(self, page: int, status: str, *, assigned: str | None = None) -> Ringing:
        return Ringing(
            id=f"PD{page}",
            url="https://acme.test/",
            status=status,
            who="Kim",
            at=self.clock.now(),
            assigned=assigned,
        )

    def hears(self, tx: Transaction, kind: str) -> None:
        """Let the pager say something of a page by itself."""
        if page := self._page(tx):
            self._rings += 1
            status = "triggered" if kind in {"unacknowledged", "escalated"} else kind
            ringing = self._ringing(page.number, status, assigned="Level 2" if kind == "escalated" else None)
            PagerResults(tx).record(PagerNews(id=f"n{self._rings}", kind=kind, page=ringing))

    # --- whom and what ---

    @property
    def somebody(self) -> str:
        return self.random.choice(PEOPLE)

    def one(self, tx: Transaction) -> Incident:
        """Return an incident. Refuses if there is none."""
        known = tx.session.incidents.alive_since(self.clock.now() - timedelta(days=9))
        if not known:
            raise Refusal("There is none.")
        return tx.incident(self.random.choice(known[-3:]).number)

    def _page(self, tx: Transaction) -> Page | None:
        sent = [it for it in tx.session.pages.ringing() if it.pager_id]
        return self.random.choice(sent) if sent else None

    # --- deeds ---

    def declare(self, tx: Transaction) -> None:
        severity = self.policy.severities.get(self.random.choice(("sev1", "sev2", "sev3", "")))
        is_drill = self.random.random() < 0.15
        Incidents(tx).declare(
            f"trouble {self.random.random()}",
            by=self.somebody,
            severity=severity,
            drill=is_drill,
            private=self.random.random() < 0.15,
        )

    def update(self, tx: Transaction) -> None:
        next_in = self.random.choice((None, None, timedelta(minutes=40)))
        Incidents(tx).post_update(self.one(tx), "we look", by=self.somebody, next_in=next_in)

    def set_severity(self, tx: Transaction) -> None:
        severity = self.random.choice(list(self.policy.severities.values()))
        Incidents(tx).set_severity(self.one(tx), severity, by=self.somebody)

    def snooze(self, tx: Transaction) -> None:
        one = self.one(tx)
        Incidents(tx).snooze(one, timedelta(minutes=self.random.choice((5, 15))), by=one.commander or "")

    def quiet(self, tx: Transaction) -> None:
        one = self.one(tx)
        Incidents(tx).hush(one, timedelta(minutes=self.random.choice((10, 45))), by=one.commander or "")

    def hand_over(self, tx: Transaction) -> None:
        to = self.somebody
        one = self.one(tx)
        offered = Incidents(tx).offer_command(one, to, by=one.commander or to)
        Incidents(tx).accept_command(offered, by=to)

    def give_role(self, tx: Transaction) -> None:
        Incidents(tx).give_role(self.one(tx), "scribe", self.somebody, by=self.somebody, anyway=True)

    def relieve(self, tx: Transaction) -> None:
        Relief(tx).relieve(self.one(tx), None, by=self.somebody)

    def say_fine(self, tx: Transaction) -> None:
        Relief(tx).say_fine(by=self.somebody)

    def suspect(self, tx: Transaction) -> None:
        Incidents(tx).suspect_cause(self.one(tx), "the deploy of noon", by=self.somebody)

    def state_impact(self, tx: Transaction) -> None:
        Incidents(tx).state_impact(self.one(tx), "all", by=self.somebody, since=None)

    def mitigate(self, tx: Transaction) -> None:
        Incidents(tx).move_to(self.one(tx), Phase.MITIGATED, by=self.somebody)

    def resolve(self, tx: Transaction) -> None:
        Incidents(tx).resolve(self.one(tx), "done", by=self.somebody)

    def reopen(self, tx: Transaction) -> None:
        Incidents(tx).reopen(self.one(tx), by=self.somebody)

    def merge(self, tx: Transaction) -> None:
        one, other = sorted((self.one(tx), self.one(tx)), key=lambda it: it.number)
        if one.number != other.number:
            Merges(tx).merge(other, one, by=self.somebody)

    def page_team(self, tx: Transaction) -> None:
        team = self.policy.teams[self.random.choice(("imoc", "payments"))]
        Paging(tx).page_team(team, "please help", by=self.somebody, incident=self.one(tx))

    def page_person(self, tx: Transaction) -> None:
        Paging(tx).page_person(self.somebody, "please help", by=self.somebody, incident=self.one(tx))

    def acknowledge(self, tx: Transaction) -> None:
        if page := self._page(tx):
            Paging(tx).acknowledge(page, by=self.somebody)

    def hear_acknowledged(self, tx: Transaction) -> None:
        self.hears(tx, "acknowledged")

    def hear_unacknowledged(self, tx: Transaction) -> None:
        self.hears(tx, "unacknowledged")

    def hear_escalated(self, tx: Transaction) -> None:
        self.hears(tx, "escalated")

    def leave(self, tx: Transaction) -> None:
        gone = self.random.choice(("U0KIM", "U0NEW"))
        People(tx).met(gone, Profile(name=gone, zone=ZONES.get(gone), is_deactivated=gone == "U0NEW"))


class _Begun:
    """A transaction at the clock's time, with the policy of these lives."""

    def __init__(self, lives: Lives) -> None:
        self._lives, self._opened = lives, lives.sessions.begin()

    def __enter__(self) -> Transaction:
        session = self._opened.__enter__()
        return Transaction(session=session, now=self._lives.clock.now(), policy=self._lives.policy)

    def __exit__(self, *raised: object) -> None:
        self._opened.__exit__(*raised)  # type: ignore[arg-type]  # as given


Deed = Callable[[Lives, Transaction], None]
DEEDS: Sequence[Deed] = (
    Lives.declare,
    Lives.declare,
    Lives.update,
    Lives.update,
    Lives.set_severity,
    Lives.snooze,
    Lives.quiet,
    Lives.hand_over,
    Lives.give_role,
    Lives.relieve,
    Lives.say_fine,
    Lives.suspect,
    Lives.state_impact,
    Lives.mitigate,
    Lives.resolve,
    Lives.reopen,
    Lives.merge,
    Lives.page_team,
    Lives.page_person,
    Lives.acknowledge,
    Lives.hear_acknowledged,
    Lives.hear_unacknowledged,
    Lives.hear_escalated,
    Lives.leave,
)
