"""An incident with ten thousand notes is read as fast as any other: what is not shown stays in the database."""

from dataclasses import replace

from bot.services.transaction import Transaction
from tests.growth.test_growth import heard
from tests.growth.world import World

NOTES = 10_000
FEW = 150
"""Rows that a view of an incident may read: a screen of lines, the pages, who people are."""
SAID = (
    "incident tldr",
    "incident share tldr",
    "incident timeline",
    "incident timeline from 5000",
    "incident checklist",
    "incident who",
    "incident why",
    'incident note "one more"',
    'incident update "still looking"',
    'incident timeline edit 5000 "in other words"',
    "incident timeline hide 5001",
    "incident list",
    "postmortem",
)
COUNTING = ("incident timeline", "incident timeline from 5000", "postmortem")
"""These say how many lines there are. So a number for each line leaves the database, and nothing else of it."""


def test_what_shows_some_lines_reads_few_of_ten_thousand(sqlite_url: str):
    with heard(sqlite_url) as database:
        world = World(database.engine)
        channel = world.declare()
        world.say('incident note "the first"', channel=channel)
        world.transact(_note_much)
        rows = {}

        for words in SAID:
            before = database.rows
            world.say(words, channel=channel)
            rows[words] = database.rows - before
        before = database.rows
        world.deliver()
        rows["cards and messages"] = database.rows - before

    most = {it: FEW + NOTES + FEW if it in COUNTING else FEW for it in SAID} | {"cards and messages": 6 * FEW}
    assert not {it: count for it, count in rows.items() if count > most[it]}


def _note_much(tx: Transaction) -> None:
    incident = tx.incident(1)
    [note] = tx.session.timeline.among([1], ["note_taken"])
    for seq in range(note.seq + 1, note.seq + NOTES):
        tx.session.timeline.append(replace(note, seq=seq, text=f"note {seq}", data={"note": f"note {seq}"}))
    tx.session.incidents.put(replace(incident, entries=note.seq + NOTES - 1))
