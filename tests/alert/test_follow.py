"""Lines that name an incident, or offer it, change with it."""

from bot.services.channels import Channels
from bot.testing import SpyKit
from tests.alert.world import hears, labels, line, lines, owned


def test_no_line_offers_an_incident_any_longer_once_it_is_private(spy: SpyKit):
    owned(spy)
    spy.say('incident me "a breach of checkout" sev3')
    spy.create_channel(1)
    for number in range(25):
        hears(spy, f"part {number}", service=f"service {number}")
    spy.deliver()
    spy.clock.tick(hours=3)
    before = len(lines(spy))

    with spy.tx() as tx:
        Channels(tx).made_private("C0INC1", by="U0ANA")

    assert {it.ref for it in lines(spy)[before:]} == set(range(1, 26))
    assert "Same as INC-1" not in labels(line(spy, 1))
