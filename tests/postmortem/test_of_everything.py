"""Whatever can stand on a timeline can stand in a postmortem, and obeys nobody there."""

from bot.app.samples.events import HAPPENED, facts_of
from bot.app.samples.failover_play import OK, RED, FailoverPlay
from bot.domain.incident.timeline import Entry
from bot.services.people import People
from bot.services.postmortem.documents import Documents
from bot.testing import SpyKit


def test_every_kind_of_event_has_its_line_in_the_document(spy: SpyKit, channel: str):
    with spy.tx() as tx:
        for seq, event in enumerate(HAPPENED, start=100):
            facts = {name: value for name, value in facts_of(event).items() if name not in {"at", "by"}}
            entry = Entry(
                incident=1,
                seq=seq,
                kind=event.kind(),
                occurred_at=event.at,
                recorded_at=event.at,
                actor=event.by,
                source="slash",
                text=event.text,
                data=facts,
                substance=True,
            )
            tx.session.timeline.append(entry)

    with spy.tx() as tx:
        document = spy.templates.document("postmortem/document", Documents(tx).document(tx.incident(1)))

    written = "\n".join([*(it.text for it in document.sections), *document.log])
    assert len(document.log) > len(HAPPENED) - 5
    assert "<b>down" not in written
    assert "@channel" not in written


def test_a_failover_is_told_step_by_step():
    play = FailoverPlay.begin()
    play.spy.say('incident me "pod 7 is slow" sev1')
    play.spy.create_channel(1, channel="C0ROOM")
    play.begun(channel="C0ROOM").goes(OK, OK, OK, OK, RED).to_the_end()

    with play.spy.tx() as tx:
        facts = Documents(tx).document(tx.incident(1))
        document = play.spy.templates.document("postmortem/document", facts, names=People(tx).name)

    written = "\n".join(it.text for it in document.sections)
    assert "Ana Lima proposed failover 1 (pod 7 to east)" in written
    assert "failover 1 (pod 7 to east): rolled back, dns 5: HTTP 503" in written
    assert any("run `./drain 7`" in line for line in document.log)
    assert any("dns 5, check *red* (HTTP 503)" in line for line in document.log)
