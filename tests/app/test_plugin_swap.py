"""A team's own plugins and templates swap while Spy runs: whole, or not at all."""

import gc
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from sqlite3 import connect
from typing import Any
from weakref import ref

import pytest

from bot.adapters.database import effects
from bot.app.build import Bot, build
from bot.app.live.plugin_swap import PluginSwap
from bot.app.settings import load
from bot.commands.request import Request, Source
from bot.domain.effects import Notify
from bot.domain.plugin import MOST_FAILURES
from bot.testing import confirm

COFFEE = '''"""Coffee: for those who have been up too long."""

from bot.commands.command import command
from bot.commands.reply import Reply
from bot.commands.sample import Sample

SENT = Sample("coffee/sent", {"kind": "black"})


@command("coffee")
def coffee() -> Reply:
    """Send a coffee."""
    return Reply("coffee/sent", {"kind": "black"})
'''
WHITE = COFFEE.replace("black", "white")
SENT = "A {{ kind }} coffee."
TEA = COFFEE.replace("coffee", "tea").replace("Coffee", "Tea")


class Town:
    """A bot with a folder of its own, and the look at it."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.write("plugins/coffee.py", COFFEE)
        self.write("templates/coffee/sent.j2", SENT)
        config = "plugins: [plugins]\ntemplates: [templates]\npermissions: {admin: [U0ANA, U0RAJ]}\n"
        self.write("config.yaml", config)
        self.tokens = {
            "SLACK_BOT_TOKEN": "xoxb-none",
            "SLACK_SIGNING_SECRET": "none",
            "DATABASE_URL": f"sqlite:///{folder / 'spy.db'}",
        }
        self._stack = stack
        self.bot = self.begun()
        self.swap = PluginSwap(self.bot)
        self._asked = 0

    def begun(self) -> Bot:
        """Start one more process."""
        bot = build(load(self.folder / "config.yaml", self.tokens), self._stack)
        confirm(bot.database, "U0ANA", at=bot.clock.now())
        return bot

    def write(self, name: str, text: str) -> None:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def look(self) -> None:
        """Look as often as it takes to see a change that is complete."""
        for _ in range(3):
            self.swap.look()

    def say(self, text: str, bot: Bot | None = None) -> str:
        self._asked += 1
        request = Request(id=f"ask-{self._asked}", text=text, user="U0ANA", source=Source.TERMINAL)
        answer = (bot or self.bot).router.answer(request)
        assert answer.message
        return answer.message.text

    def told(self) -> list[Notify]:
        """Return what the maintainers were told, in order."""
        with closing(connect(self.folder / "spy.db")) as kept:
            rows = kept.execute(
                "SELECT key, kind, payload FROM outbox WHERE kind = 'Notify' ORDER BY id"
            ).fetchall()
        return [it for it in (effects.load(*row) for row in rows) if isinstance(it, Notify)]


@pytest.fixture
def town(tmp_path: Path, migrated_sqlite: Path) -> Iterator[Town]:
    shutil.copy(migrated_sqlite, tmp_path / "spy.db")
    with ExitStack() as stack:
        yield Town(tmp_path, stack)


def test_a_changed_plugin_and_its_template_are_taken_together(town: Town):
    before = town.say("coffee")
    town.write("plugins/coffee.py", COFFEE.replace('"kind"', '"sort"').replace("black", "white"))
    town.write("templates/coffee/sent.j2", "Your {{ sort }} coffee.")
    town.look()

    assert (before, town.say("coffee")) == ("A black coffee.", "Your white coffee.")


def test_a_change_is_taken_once_it_has_stayed_for_a_look(town: Town):
    town.look()
    town.write("plugins/coffee.py", WHITE)
    town.swap.look()

    first = town.say("coffee")
    town.swap.look()

    assert (first, town.say("coffee")) == ("A black coffee.", "A white coffee.")


def test_plugins_come_and_go(town: Town):
    town.write("plugins/tea.py", TEA)
    town.write("templates/tea/sent.j2", "A {{ kind }} tea.")
    (town.folder / "plugins/coffee.py").unlink()
    town.look()

    assert town.say("tea") == "A black tea."
    assert "coffee" not in town.say("plugins")


@pytest.mark.parametrize(
    ("name", "text", "mistake"),
    [
        ("plugins/tea.py", "def", "plugins/tea.py:1: invalid syntax"),
        ("plugins/tea.py", "\nimport nothing_of_this_name", "plugins/tea.py:2: No module named"),
        ("plugins/tea.py", "\n\n1 / 0", "plugins/tea.py:3: division by zero"),
        ("plugins/tea.py", COFFEE, "plugins/tea.py:10: `coffee` is a command already, in "),
        ("plugins/tea.py", COFFEE.replace("coffee", "page"), "plugins/tea.py:10: `page` is a command already, in "),
        ("plugins/tea.py", TEA, "plugins/tea.py:13: there is no template tea/sent.j2"),
        ("plugins/tea.py", "raise SystemExit", "plugins/tea.py:1: it ends the program"),
        ("templates/coffee/sent.j2", "{{ knd }}", "templates/coffee/sent.j2:1: 'knd' is undefined"),
        ("templates/coffee/sent.j2", "{% if %}", "templates/coffee/sent.j2:1: "),
        ("templates/incident/card.j2", "\n{{ incidnet }}", "templates/incident/card.j2:2: 'incidnet' is undefined"),
    ],
)  # fmt: skip
def test_a_set_with_a_mistake_is_not_taken_at_all(town: Town, name: str, text: str, mistake: str):
    town.write("plugins/coffee.py", WHITE)
    town.write(name, text)
    town.look()

    told = [it for it in town.told() if it.template == "shared/plugins_refused"]
    assert town.say("coffee") == "A black coffee."
    assert [it.to for it in told] == ["U0ANA", "U0RAJ"]
    assert [it.replace(f"{town.folder}/", "")[: len(mistake)] for it in told[0].facts["mistakes"]] == [
        mistake
    ]


def test_a_clash_names_both_files_and_lines(town: Town):
    town.write("plugins/tea.py", "\n" + COFFEE)
    town.look()

    [line] = town.told()[0].facts["mistakes"]
    assert line == (
        f"{town.folder}/plugins/tea.py:11: `coffee` is a command already, in {town.folder}/plugins/coffee.py:10. "
        "Give this one other words."
    )


def test_the_maintainers_hear_of_a_mistake_once_and_when_it_is_over(town: Town):
    other = PluginSwap(town.begun())
    town.write("plugins/coffee.py", "def")
    for _ in range(3):
        town.swap.look()
        other.look()
    refused = [it.template for it in town.told() if it.to == "U0ANA"]
    town.write("plugins/coffee.py", WHITE)
    for _ in range(3):
        town.swap.look()
        other.look()

    assert refused == ["shared/plugins_refused"]
    assert [it.template for it in town.told() if it.to == "U0ANA"][1:] == ["shared/plugins_again"]
    assert town.say("coffee") == "A white coffee."


def test_a_start_leaves_out_what_has_a_mistake_and_takes_it_once_it_is_mended(town: Town):
    town.write("plugins/coffee.py", "def")
    town.bot = town.begun()
    town.swap = PluginSwap(town.bot)
    town.look()
    left_out = [it.template for it in town.told() if it.to == "U0ANA"]
    town.write("plugins/coffee.py", WHITE)
    town.look()

    assert left_out == ["shared/plugins_left_out"]
    assert town.say("coffee") == "A white coffee."


def test_a_command_that_runs_meanwhile_finishes_on_the_old_set(town: Town):
    waits = COFFEE.replace(
        "    return Reply", "    from plugins_test import meanwhile\n    meanwhile()\n    return Reply"
    )
    town.write("plugins/coffee.py", waits)
    town.look()

    def meanwhile() -> None:
        town.write("plugins/coffee.py", WHITE.replace("kind", "sort"))
        town.write("templates/coffee/sent.j2", "Your {{ sort }} coffee.")
        town.look()

    with here("plugins_test", meanwhile=meanwhile):
        during = town.say("coffee")

    assert (during, town.say("coffee")) == ("A black coffee.", "Your white coffee.")


class here:  # noqa: N801  read as a word
    """A module that a plugin of a test can import."""

    def __init__(self, name: str, **values: Callable[[], None]) -> None:
        self._name, self._module = name, type(sys)(name)
        vars(self._module).update(values)

    def __enter__(self) -> None:
        sys.modules[self._name] = self._module

    def __exit__(self, *_error: object) -> None:
        del sys.modules[self._name]


def test_a_change_within_the_same_second_and_of_the_same_size_is_seen(town: Town):
    for kind in ("white", "black", "green", "white"):
        town.write("plugins/coffee.py", COFFEE.replace("black", kind))
        town.look()

        assert town.say("coffee") == f"A {kind} coffee."


def test_files_beside_each_other_import_each_other_and_swap_together(town: Town):
    town.write("plugins/_kinds.py", 'KIND = "black"\n')
    town.write(
        "plugins/coffee.py",
        COFFEE.replace('"black"', "KIND").replace("SENT =", "from ._kinds import KIND\nSENT ="),
    )
    town.look()
    before = town.say("coffee")
    town.write("plugins/_kinds.py", 'KIND = "white"\n')
    town.look()

    assert (before, town.say("coffee")) == ("A black coffee.", "A white coffee.")


def test_what_all_of_spy_shares_is_declared_at_the_start_only(town: Town):
    text = "from bot.services.transaction import follower\n\n\n@follower\nclass Watch:\n    pass\n"
    town.write("plugins/watch.py", text)
    town.look()

    [line] = town.told()[0].facts["mistakes"]
    assert line.replace(f"{town.folder}/", "") == (
        "plugins/watch.py:4: a follower can be declared only when Spy starts. Restart Spy to load this change."
    )


def test_failures_in_several_processes_count_together_until_the_file_changes(town: Town):
    town.write("plugins/coffee.py", COFFEE.replace("    return Reply", "    1 / 0\n    return Reply"))
    town.look()
    other = town.begun()
    for _ in range(MOST_FAILURES // 2):
        for bot in (town.bot, other):
            with pytest.raises(ZeroDivisionError):
                town.say("coffee", bot)
    refused = [town.say("coffee", it) for it in (town.bot, other)]
    town.write("plugins/coffee.py", WHITE)
    town.look()

    assert ["at plugins/coffee.py:13" in it for it in refused] == [True, True]
    assert [it.template for it in town.told() if it.to == "U0ANA"] == ["help/plugin_quarantined"]
    assert town.say("coffee") == "A white coffee."
    assert "is in quarantine" in town.say("coffee", other)


def test_an_admin_lets_every_process_load_again_and_hears_the_result_once(town: Town):
    other = town.begun()
    swaps = town.swap, PluginSwap(other)
    for it in swaps:
        it.look()
    said = town.say("plugins reload")
    before = [it.router.registry for it in (town.bot, other)]
    for it in swaps:
        it.look()

    assert said.startswith("Every running Spy reads its plugin and template files again now.")
    assert [it.router.registry in before for it in (town.bot, other)] == [False, False]
    [told] = town.told()
    assert (told.to, told.template) == ("U0ANA", "help/plugins_reloaded")
    assert (list(told.facts["plugins"]), list(told.facts["mistakes"])) == (["plugins/coffee"], [])


def test_who_asks_to_load_files_with_a_mistake_hears_of_it(town: Town):
    town.look()
    town.write("plugins/coffee.py", "def")
    town.say("plugins reload")
    town.look()

    [answer] = [it for it in town.told() if it.template == "help/plugins_reloaded"]
    assert [it.replace(f"{town.folder}/", "") for it in answer.facts["mistakes"]] == [
        "plugins/coffee.py:1: invalid syntax"
    ]
    assert town.say("coffee") == "A black coffee."


def test_a_runbook_that_is_spoiled_stays_in_use_as_it_was_and_is_named_once(town: Town):
    text = "---\ntitle: Restart\ndescription: Restart the database\n---\nRestart it.\n"
    town.write("templates/runbooks/restart.md.j2", text)
    town.look()
    before = town.say("runbook restart")
    town.write("templates/runbooks/restart.md.j2", text.replace("it.", "{{ it"))
    town.look()
    spoiled = town.say("runbook restart")
    told = [it.template for it in town.told() if it.to == "U0ANA"]
    town.write("templates/runbooks/restart.md.j2", text.replace("it.", "it now."))
    town.look()

    assert (spoiled, told) == (before, ["shared/runbooks"])
    assert "Restart it now." in town.say("runbook restart")
    assert [it.template for it in town.told() if it.to == "U0ANA"] == [
        "shared/runbooks",
        "shared/runbooks_again",
    ]


def test_a_link_that_leads_to_another_release_is_followed(tmp_path: Path, migrated_sqlite: Path):
    shutil.copy(migrated_sqlite, tmp_path / "spy.db")
    for name, text in (("one", COFFEE), ("two", WHITE)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "coffee.py").write_text(text, encoding="utf-8")
    (tmp_path / "plugins").symlink_to("one")

    with ExitStack() as stack:
        town = Town(tmp_path, stack)
        (tmp_path / "next").symlink_to("two")
        (tmp_path / "next").replace(tmp_path / "plugins")
        town.look()

        assert town.say("coffee") == "A white coffee."


def modules() -> list[str]:
    return [it for it in sys.modules if it.startswith("spy_plugins_")]


def test_old_plugins_and_templates_are_released(town: Town):
    town.look()
    gone, before = list[ref[Any]](), len(modules())
    for number in range(4):
        registry, templates = town.bot.router.registry, town.bot.templates.now
        [plugin] = registry.own
        gone += [ref(registry), ref(templates), ref(plugin.commands[0].run)]
        del registry, templates, plugin
        town.write("plugins/coffee.py", COFFEE.replace("black", f"kind {number}"))
        town.look()
    gc.collect()

    assert [it for it in gone if it() is not None] == []
    assert len(modules()) <= before
    assert town.say("coffee") == "A kind 3 coffee."
