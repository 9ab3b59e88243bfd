"""Facts for the two documents, as Spy itself gathers them of one incident."""

from collections.abc import Mapping
from functools import partial

from bot.bootstrap.samples.messages import TYPED, Facts
from bot.commands.testkit import SpyKit
from bot.config.values import INSTALLED
from bot.services.documents import Documents
from bot.services.postmortems import Postmortems


def papers() -> Mapping[str, Facts]:
    """Return the facts of each document by its template."""
    spy = SpyKit(INSTALLED / "plugins")
    say = partial(spy.say, by="U0ANA", channel="C0ROOM")
    say("incident me checkout is down sev1")
    spy.open_room(1, channel="C0ROOM")
    for words in (f'update "{TYPED}"', f'impact "{TYPED}"', f'action "{TYPED}"', 'stop "rolled back"'):
        say(f"incident {words}")
    with spy.desk() as desk:
        incident = desk.incident(1)
        [follow_up] = desk.work.follow_ups.of(1)
        return {
            "postmortem": Documents(desk).document(incident),
            "follow_up": {
                "follow_up": follow_up,
                "incident": incident,
                "postmortem": Postmortems(desk).of(incident),
            },
        }
