"""A config.yaml that would stop Spy: it starts all the same, says so once, and is brought back from a terminal."""

import re

from bot.sandbox import Box
from tests.conftest import RunningBot
from tests.e2e.world import World

REFUSED = "*config.yaml has mistakes.*"
TAKEN = "*config.yaml is used again.*"


def told(world: World) -> list[str]:
    """Return what Ana, the admin, was told of the file."""
    return [it for it in world.texts("D0ANA") if "config.yaml" in it]


def test_a_bot_with_a_broken_file_serves_with_the_last_good_one_until_it_is_brought_back(
    box: Box, database_url: str, running_bot: RunningBot
):
    bot = running_bot(box, database_url)
    world = World(box=box, bot=bot)
    good = bot.config.read_text(encoding="utf-8")
    box.slack.dm("ana", "help")

    bot.config.write_text(good.replace("update_every: 15m", "update_evry: 15m"), encoding="utf-8")
    bot.restart()
    box.wait_for(lambda: told(world), seconds=30)
    bot.restart()
    number = world.declare('me "checkout is down" sev1')
    world.settle()

    assert world.channel(number)
    [message] = told(world)
    assert message.startswith(REFUSED)
    assert "has started with the last good version" in message
    assert re.search(r"config.yaml:\d+: severities.sev1.update_evry: unknown key. Did you mean", message)
    assert "the file is refused, and version" in (bot.page("/readyz") or "")
    assert bot.said().count("Spy starts with the last good one") == 2

    code, shown = bot.command("config", "back", "--yes")
    box.wait_for(lambda: len(told(world)) > 1, seconds=30)

    assert (code, "update_evry" in shown) == (0, True)
    assert bot.config.read_text(encoding="utf-8") == good
    assert [it.startswith(TAKEN) for it in told(world)] == [False, True]
    assert "notes" not in (bot.page("/readyz") or "")
