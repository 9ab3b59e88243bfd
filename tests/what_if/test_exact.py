"""On unchanged settings the replay says exactly what was said, and pages exactly whom Spy paged."""

from datetime import timedelta

from bot.domain.what_if import Comparison, Difference
from bot.services.transaction import Transaction
from bot.services.what_if.compare import compare
from bot.services.what_if.past import read_past
from tests.support.stories import ANA, KIM, RAJ, Story
from tests.what_if.lives import Lives

SEEDS = (1, 6, 10, 16)
MONTH = timedelta(days=30)


def compared(lives: Lives) -> Comparison:
    """Replay what was lived, under the settings under which it was lived."""
    now = lives.clock.now()
    with lives.sessions.read() as session:
        tx = Transaction(session=session, now=now, policy=lives.policy)
        past = read_past(tx, since=now - MONTH)
    return compare(past, lives.policy, before=lives.policy)


def test_random_lives_with_pages_merges_and_outages_are_said_again_word_for_word():
    known = 0
    for seed in SEEDS:
        found = compared(Lives(seed).lived(10))

        assert (seed, found.unlike) == (seed, [])
        assert {kind for kind, _ in (*found.said, *found.rang)} <= {Difference.SAME}
        known += found.known

    assert known > 500


def test_a_long_story_goes_on_as_it_went_on():
    story = Story()
    story.opens('"checkout is down" sev1')
    for after, by, words in (
        (20, ANA, "update we look"),
        (14, ANA, "incident snooze 10m"),
        (12, ANA, "incident quiet 15m"),
        (30, ANA, f"incident hand <@{RAJ}>"),
        (2, RAJ, "incident take"),
        (5, KIM, "incident sev sev2"),
        (50, RAJ, "update half of it works"),
        (200, RAJ, "incident status mitigated"),
        (40, RAJ, 'incident resolve "rolled back"'),
        (40, ANA, "incident reopen"),
        (1_800, ANA, "incident resolve"),
    ):
        story.spy.pass_time(minutes=after)
        story.say(words, by=by)
    now = story.clock.now()

    with story.spy.sessions.read() as session:
        tx = Transaction(session=session, now=now, policy=story.spy.policy)
        past = read_past(tx, since=now - MONTH)
    found = compare(past, story.spy.policy, before=story.spy.policy)

    assert found.unlike == []
    assert found.known > 100
