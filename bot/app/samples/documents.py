"""Sample facts for the documents, collected from one incident as Spy does it."""

from collections.abc import Mapping
from functools import partial

from bot.app.samples.postmortems import CONTRADICTIONS
from bot.app.samples.world import TYPED, Facts
from bot.config.values import INSTALLED
from bot.services.postmortem.documents import Documents
from bot.services.postmortem.postmortems import Postmortems
from bot.testing import SpyKit


def documents() -> Mapping[str, Facts]:
    """Return the facts of each document by its template."""
    spy = SpyKit(INSTALLED / "plugins")
    say = partial(spy.say, by="U0ANA", channel="C0ROOM")
    say("incident me checkout is down sev1")
    spy.create_channel(1, channel="C0ROOM")
    for words in (f'update "{TYPED}"', f'impact "{TYPED}"', f'action "{TYPED}"', 'stop "rolled back"'):
        say(f"incident {words}")
    with spy.tx() as tx:
        incident = tx.incident(1)
        [follow_up] = tx.session.follow_ups.of(1)
        return {
            "postmortem/document": Documents(tx).document(incident),
            "postmortem/follow_up": {
                "follow_up": follow_up,
                "incident": incident,
                "postmortem": Postmortems(tx).of(incident),
            },
            "postmortem/claims": {"incident": incident, "found": CONTRADICTIONS},
        }
