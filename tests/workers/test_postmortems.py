"""A postmortem of 5,000 entries on GitHub, through the real client: within its limits, and nothing of it lost."""

from dataclasses import replace
from datetime import datetime

import pytest

from bot.domain.incident.timeline import Entry
from bot.domain.postmortem.document import LIMIT
from bot.domain.postmortem.effects import ExportPostmortem, FileLog
from bot.sandbox.box import Box
from bot.testing import SpyKit
from bot.workers.deliver.handler import Handlers
from tests.support.outbox import deliver
from tests.support.stories import Story

ENTRIES = 5_000


@pytest.fixture(scope="module")
def spy() -> SpyKit:
    """An incident with a timeline that no issue can hold."""
    story = Story()
    story.opens('"a long night" sev1')
    with story.spy.tx() as tx:
        incident = tx.incident(1)
        first = incident.entries + 1
        for seq in range(first, ENTRIES):
            tx.session.timeline.append(note(seq, at=tx.now))
        tx.session.incidents.put(replace(incident, entries=ENTRIES - 1))
    story.spy.say('incident stop "it drained"', channel="C0ROOM")
    return story.spy


def note(seq: int, *, at: datetime) -> Entry:
    words = f"note {seq}: the queue is long, <@U0KIM>"
    return Entry(
        incident=1,
        seq=seq,
        kind="note_taken",
        occurred_at=at,
        recorded_at=at,
        actor="U0RAJ",
        source="slash",
        permalink=f"https://acme.slack.com/archives/C0ROOM/p{seq}",
        text=words,
        data={"note": words, "message": None},
    )


def write_log(spy: SpyKit, handler: Handlers) -> None:
    """Write the log as long as a part of it is wanted."""
    count = 0
    while len(wanted := spy.asked(FileLog)) > count:
        count = len(wanted)
        assert deliver(spy, handler, wanted[-1])


def test_5000_entries_are_exported_within_githubs_limits(spy: SpyKit, handler: Handlers, box: Box):
    assert len(spy.timeline(1)) == ENTRIES

    assert deliver(spy, handler, ExportPostmortem(key="export", incident=1))
    write_log(spy, handler)

    [issue] = box.github.issues.values()
    assert len(issue.body) <= LIMIT
    assert "see the comments below" in issue.body
    assert all(len(it.body) <= LIMIT for it in issue.comments)
    notes = [it for it in spy.timeline(1) if it.kind == "note_taken"]
    assert sum(it.body.count("the queue is long, @&#8203;Kim Park") for it in issue.comments) == len(notes)

    assert deliver(spy, handler, ExportPostmortem(key="again", incident=1))
    write_log(spy, handler)

    assert len(issue.comments) == len({it.body for it in issue.comments})
    assert len(box.github.issues) == 1
