"""Phone numbers are shown to who asked, after the transaction that read the page has ended."""

from bot.domain.paging.effects import ShowPhones
from bot.ports import Contact, Profile
from bot.services.oncall.oncall import OnCall
from bot.services.people import People
from bot.testing import FrozenClock, SpyKit
from bot.workers.deliver.handler import Clients, Handlers
from tests.fakes.chat import FakeChat
from tests.fakes.pager import FakePager
from tests.support.folders import PLUGINS
from tests.support.outbox import deliver
from tests.support.templates import shipped


def test_the_numbers_of_a_page_name_a_person_who_is_on_call():
    clock, chat = FrozenClock(), FakeChat()
    spy = SpyKit(PLUGINS, templates=shipped(clock), clock=clock)
    with spy.tx() as tx:
        People(tx).met("U0RAJ", Profile(name="Raj Patel", email="raj@example.com"))
        OnCall(tx).synced(FakePager().on_calls(["PPOL1"]))
        tx.session.contacts.put(Contact(email="raj@example.com", person="U0RAJ", asked_at=tx.now))
    spy.say('page <@U0RAJ> "please help"', by="U0ANA")
    phones = ShowPhones(key="phones:1", page=1, asker="U0ANA", to="U0ANA")

    deliver(spy, Handlers(Clients(templates=spy.templates, chat=chat)), phones)

    [post] = chat.posts
    assert "Page 1 to Raj Patel does not ring" in post.message.text
