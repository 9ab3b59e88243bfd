"""A team's own templates: what can't be used is named and refused, and Spy's own words are said instead."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from sqlite3 import connect

import pytest

from bot.adapters.network.clock import SystemClock
from bot.adapters.rendering.templates import JinjaTemplates
from bot.app.build import build
from bot.app.check import check_own
from bot.app.live.configuration import Configuration
from bot.app.live.start import Start
from bot.app.samples.messages import cases
from bot.app.settings import load
from bot.app.templates import open_templates
from bot.config import Settings
from bot.ports import Unavailable
from tests.support.folders import TEMPLATES

Own = Callable[[Mapping[str, str]], Settings]
CASES = cases(JinjaTemplates([TEMPLATES]))
CARD = CASES["incident/card"][1]


@pytest.fixture
def own(tmp_path: Path) -> Own:
    """Configure a folder `ours` that holds these templates."""

    def configured(templates: Mapping[str, str]) -> Settings:
        for name, source in templates.items():
            file = tmp_path / "ours" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(source, encoding="utf-8")
        (tmp_path / "config.yaml").write_text("templates: [ours]\n", encoding="utf-8")
        return load(tmp_path / "config.yaml", {})

    return configured


def opened(settings: Settings) -> tuple[JinjaTemplates, list[str]]:
    templates = open_templates(settings, SystemClock())
    ours = settings.template_folders[0]
    return templates, [
        str(templates.mistakes.get()).replace(f"{ours}/", "") for _ in range(templates.mistakes.qsize())
    ]


@pytest.mark.parametrize(
    ("name", "source", "mistake"),
    [
        ("incident/card.j2", "fine\n{{ incidnet.id }}", "incident/card.j2:2: 'incidnet' is undefined"),
        ("incident/card.j2", "{{ incident.nmae }}", "incident/card.j2:1: "),
        ("paging/page.j2", "\n\n{% if page %}", "paging/page.j2:3: Unexpected end of template"),
        ("incident/tldr.j2", "{{ incident.name | shout }}", "incident/tldr.j2:1: No filter named 'shout'"),
        ("incident/tldr.j2", "{{ incident.name | clip }}", "incident/tldr.j2:1: "),
        ("incident/tldr.j2", "{{ when(now) }}", "incident/tldr.j2:1: 'when' is undefined"),
        ("incident/done.j2", "{% include 'nowhere.j2' %}", "incident/done.j2:1: "),
        ("incident/done.j2", "{% for a in range(10 ** 9) %}{% endfor %}x", "incident/done.j2:1: its loops"),
        (
            "incident/done.j2",
            "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}x",
            "incident/done.j2:1: its loops",
        ),
        (
            "incident/done.j2",
            "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
            "incident/done.j2:1: maximum",
        ),
        (
            "incident/done.j2",
            "{{ 'words ' * 20000 }}",
            "incident/done.j2:1: it says more than 50,000 characters",
        ),
        ("incident/done.j2", "{# nothing #}", "incident/done.j2:1: it says nothing"),
        (
            "incident/card.j2",
            "{% call header() %}{{ divider() }}{% endcall %}",
            "incident/card.j2:1: Words only here",
        ),
        ("incident/card.j2", "{{ button() }}", "incident/card.j2:1: "),
        ("events/severity_set.j2", "{{ e.sverity }}", "events/severity_set.j2:1: "),
        (
            "shared/words.j2",
            "{% macro who(person) %}{{ person }}{% endmacro %}",
            "shared/words.j2:1: it has no ",
        ),
        ("incident/update.form.j2", "{{ title('Update') }}", "incident/update.form.j2:1: "),
        ("postmortem/document.md.j2", "{{ incident.nope }}", "postmortem/document.md.j2:1: "),
        (
            "postmortem/follow_up.md.j2",
            "{{ title(follow_up.what) | what }}",
            "postmortem/follow_up.md.j2:1: No filter named 'what'",
        ),
        ("web/runbooks.html.j2", "{% for %}", "web/runbooks.html.j2:1: "),
    ],
)
def test_what_cannot_be_drawn_is_named_with_file_and_line_and_spys_own_is_used(
    own: Own, name: str, source: str, mistake: str
):
    templates, mistakes = opened(own({name: source}))

    assert [it[: len(mistake)] for it in mistakes] == [mistake]
    assert templates.loader.find(name) is None
    assert "is down" in templates.render("incident/card", CARD).text


def test_what_can_be_drawn_is_used(own: Own):
    card = "{% from 'shared/words.j2' import who %}{{ incident.id }} led by {{ who(incident.commander) }}"

    templates, mistakes = opened(own({"incident/card.j2": card, "coffee/sent.j2": "{{ by }}"}))

    assert mistakes == []
    assert (
        templates.render("incident/card", CARD, names={"U0ANA": "Ana Lima"}.get).text
        == "INC-42 led by Ana Lima"
    )


def test_what_fails_later_is_refused_then_and_named_once(own: Own):
    only_of_few = "{{ incident.id }}{{ incident.nowhere if incident.number > 100 }}"
    templates, before = opened(own({"incident/done.j2": only_of_few}))
    facts = CASES["incident/done"][0]
    odd = {**facts, "incident": replace(facts["incident"], number=101)}

    said = [templates.render("incident/done", it).text for it in (facts, odd, odd)]

    assert (before, said[0]) == ([], "INC-42")
    assert said[1] == said[2] != "INC-101"
    assert templates.mistakes.qsize() == 1


def test_a_database_that_fails_is_no_templates_fault(own: Own):
    templates, _ = opened(own({"incident/done.j2": "by {{ 'U0ANA' | person }}"}))

    def names(person: str) -> str:
        raise Unavailable(f"nobody knows who {person} is")

    with pytest.raises(Unavailable):
        templates.render("incident/done", CASES["incident/done"][0], names=names)
    assert templates.mistakes.empty()


def test_spy_check_names_each(own: Own):
    settings = own(
        {
            "incident/card.j2": "{{ incidnet }}",
            "shared/words.j2": "{% macro %}",
            "paging/page.j2": "{{ page.message }}",
        }
    )

    found = [it for it in check_own(settings) if it.what.startswith("Template")]

    assert [(it.well, it.what.rpartition("/")[2][:18]) for it in found] == [
        (True, "Templates: 3 of your own"[:18]),
        (False, "words.j2:1: expect"),
        (False, "card.j2:1: 'incidn"),
    ]
    assert all("Fix it" in it.cure for it in found if not it.well)


def test_admins_hear_of_it_once_however_often_spy_starts(own: Own, tmp_path: Path):
    own({"incident/done.j2": "{{ incident.nmae }}"})
    config, database = tmp_path / "config.yaml", tmp_path / "spy.db"
    config.write_text("templates: [ours]\npermissions: {admin: [U0ANA]}\n", encoding="utf-8")
    tokens = {
        "SLACK_BOT_TOKEN": "xoxb-none",
        "SLACK_SIGNING_SECRET": "none",
        "DATABASE_URL": f"sqlite:///{database}",
    }

    for _ in range(2):
        with ExitStack() as stack:
            settings = load(config, tokens)
            Configuration(build(settings, stack), Start(settings=settings)).look()

    with closing(connect(database)) as kept:
        [(told,)] = kept.execute("select payload from outbox").fetchall()
    assert "incident/done.j2:1: " in told
    assert '"to":"U0ANA"' in told


@pytest.mark.parametrize("source", [b"{% if %}", b"\xff\xfe"])
def test_a_broken_template_that_spy_does_not_have_is_named_too(own: Own, source: bytes):
    settings = own({"coffee/sent.j2": ""})
    (settings.template_folders[0] / "coffee/sent.j2").write_bytes(source)

    _, mistakes = opened(settings)

    assert [it[:18] for it in mistakes] == ["coffee/sent.j2:1: "]
