"""Stakeholders follow an incident: the real bot, a workspace, a mail server, and a process that dies between them."""

from collections.abc import Iterator

import httpx
import pytest

from bot.sandbox.feed import BoxEvent
from bot.sandbox.recorder import Exchange
from tests.conftest import modest, open_box
from tests.e2e.bot_process import BotProcess
from tests.e2e.world import World

CEO = "ceo@example.com"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Return a bot that sends mail."""
    folder = tmp_path_factory.mktemp("followers")
    with open_box("http", mail=True) as box:
        environment = {**box.environment(), **box.rehearsal(), "DATABASE_URL": f"sqlite:///{folder}/spy.db"}
        config = modest(box.company_yaml())
        bot = BotProcess(folder / "bot", config=config, environment=environment, is_public=True).start()
        box.bot_url = bot.url
        yield World(box=box, bot=bot)
        bot.stop()


def heard(world: World, person: str) -> list[str]:
    """Return the direct messages of the bot to a person."""
    return [it for it in world.texts(world.box.slack.person(person).dm) if "open for" in it or "over" in it]


def test_a_director_reads_messages_and_mail_and_ends_them(world: World):
    number = world.declare('me "checkout is down" sev3')
    world.slash(f"{number} follow", by="kim")
    world.slash(f"{number} follow by mail {CEO}")
    world.slash(f'{number} update "rolling back"')
    world.box.wait_for(lambda: len(world.box.mail.of(CEO)) == 2)
    world.settle()
    first, second = world.box.mail.of(CEO)

    [message] = heard(world, "kim")
    assert "rolling back" in message
    assert "rolling back" in second.text
    assert "rolling back" in second.html
    assert second.message["References"] == first.message["Message-ID"]

    page = httpx.get(first.unfollow)
    ended = httpx.post(first.unfollow, data={"List-Unsubscribe": "One-Click"})
    world.slash(f"{number} unfollow", by="kim")
    world.slash(f'{number} resolve "rolled back"')
    world.settle()

    assert "No more mail to c…@example.com?" in page.text
    assert ended.status_code == 200
    assert len(world.box.mail.of(CEO)) == 2
    assert len(heard(world, "kim")) == 1
    assert CEO not in world.bot.log.read_text()


def test_killed_between_a_message_and_its_commit_it_is_not_sent_again(world: World):
    number = world.declare('me "cart hangs" sev3')
    world.slash(f"{number} follow", by="raj")
    world.settle()
    before = len(heard(world, "raj"))

    def kill(exchange: Exchange) -> None:
        if "U0RAJ" in str(exchange.body) and "bankcall" in str(exchange.body):
            world.bot.kill()

    world.box.faults.after("slack", "chat.postMessage", kill, times=20)
    world.slash(f'{number} update "bankcall"')
    world.box.wait_for(lambda: not world.bot.is_ready)
    world.box.faults.clear()
    world.outlast_leases()
    world.bot.restart()
    world.settle()

    assert len(heard(world, "raj")) - before == 1


def test_killed_between_a_mail_and_its_commit_the_second_copy_has_the_same_id(world: World):
    number = world.declare('me "search is slow" sev3')
    died = list[str]()

    def kill(event: BoxEvent) -> None:
        if event.kind == "mail_received" and not died:
            died.append(event.ref)
            world.bot.kill()

    world.box.on(kill)
    world.slash(f"{number} follow by mail cfo@example.com")
    world.box.wait_for(lambda: died)
    world.outlast_leases()
    world.bot.restart()
    world.settle()

    mails = world.box.mail.of("cfo@example.com")
    assert len({it.message["Message-ID"] for it in mails}) == 1
    assert len({it.text for it in mails}) == 1
    assert len(mails) <= 2
