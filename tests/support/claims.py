"""Which of some sentences the timeline of an incident contradicts."""

from bot.domain.postmortem.claims.check import Finding, check
from bot.domain.postmortem.claims.sentences import sentences
from bot.services.postmortem.claims import Claims
from tests.support.stories import Story


def findings(story: Story, text: str) -> list[Finding]:
    """Return what the timeline has instead of what a text says."""
    with story.spy.tx() as tx:
        known = Claims(tx).known(tx.incident(1))
        return [found for it in sentences(text) if (found := check(it, known))]


def named(story: Story, text: str) -> list[str]:
    """Return the sentences of a text that the timeline contradicts."""
    return [it.sentence for it in findings(story, text)]
