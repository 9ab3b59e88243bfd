"""The night of docs/what-if.md, as it is lived through: an incident whose first page nobody answers in time."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.app.settings import load
from bot.domain.oncall.shift import Turn
from bot.domain.paging.effects import EscalatePage
from bot.ports import Contact, Profile, Ringing
from bot.services.oncall.shifts import Shifts
from bot.services.paging.pager_results import PagerResults
from bot.services.people import People
from bot.testing import FrozenClock, SpyKit
from plugins import incident, page
from tests.support.docs import blocks
from tests.support.folders import ROOT

EVENING = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
CHANNEL = "C0ROOM"
SHIFT = Turn(
    schedule="PSCH1",
    user="PRAJ",
    name="Raj Patel",
    email="raj@example.com",
    start=EVENING - timedelta(hours=6),
    end=EVENING + timedelta(hours=6),
)


def lived_in(folder: Path) -> None:
    """Write the configurations of the page into a folder, and the database of that night."""
    before, after, *_ = blocks((ROOT / "docs/what-if.md").read_text(encoding="utf-8"), "yml")
    for name, text in (("config.yaml", before), ("new.yaml", after)):
        (folder / name).write_text(text, encoding="utf-8")
    spy = SpyKit(incident, page, policy=load(folder / "config.yaml").policy(), clock=FrozenClock(EVENING))
    with spy.tx() as tx:
        for person, name, zone in (
            ("U0ANA", "Ana Lima", "Europe/Rome"),
            ("U0BEA", "Bea Sol", "Europe/Rome"),
            ("U0RAJ", "Raj Patel", "America/New_York"),
        ):
            People(tx).met(person, Profile(name=name, zone=zone))
        tx.session.contacts.put(Contact(email="raj@example.com", person="U0RAJ", asked_at=EVENING))
        Shifts(tx).synced(tx.policy.teams["imoc"], [SHIFT])
    spy.say('incident me "checkout is down" sev2')
    spy.create_channel(1, channel=CHANNEL)
    with spy.tx() as tx:
        PagerResults(tx).sent(1, ringing("triggered", assigned="Raj Patel"))
    spy.pass_time(minutes=5)
    for effect in spy.asked(EscalatePage):
        with spy.tx() as tx:
            PagerResults(tx).escalated(effect.page, effect.level, ringing("triggered", assigned="Kim Park"))
    spy.pass_time(minutes=2)
    with spy.tx() as tx:
        PagerResults(tx).answered(1, "acknowledged", ringing("acknowledged", at=spy.clock.now()), by="U0RAJ")
    for minutes, words in ((18, "we look"), (29, "half of it works"), (2, "")):
        spy.pass_time(minutes=minutes)
        spy.say(f"incident update {words}" if words else 'incident resolve "rolled back"', channel=CHANNEL)
    spy.pass_time(hours=9)
    with (
        closing(spy.sessions.engine.raw_connection()) as memory,
        closing(sqlite3.connect(folder / "spy.db")) as copy,
    ):
        memory.driver_connection.backup(copy)  # type: ignore[union-attr]  # it is open
    (folder / "spy.db").chmod(0o600)


def ringing(status: str, *, assigned: str | None = None, at: datetime | None = None) -> Ringing:
    return Ringing(
        id="PD1", url="https://acme.test/1", status=status, who="Raj Patel", assigned=assigned, at=at
    )
