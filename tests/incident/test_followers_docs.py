"""docs/followers.md, word for word: what it tells people to say, the message that it shows, and its configuration."""

import re
from dataclasses import replace
from pathlib import Path

from bot.app.settings import load
from bot.domain.policy import DashboardSettings, MailSettings
from bot.domain.service import Service
from bot.testing import POLICY, SpyKit
from tests.support.docs import blocks
from tests.support.folders import ROOT
from tests.support.followers import Outside
from tests.support.times import in_utc

TEXT = (ROOT / "docs/followers.md").read_text(encoding="utf-8")
PEOPLE = {"ana": "U0ANA", "kim": "U0KIM"}
POLICY_OF_PAGE = replace(
    POLICY,
    mail=MailSettings(domains=("example.com",)),
    dashboard=DashboardSettings(address="https://spy.example.com"),
    services={it: Service(key=it) for it in ("checkout", "search")},
)


def test_the_message_is_what_the_page_shows(spy: SpyKit):
    [typed] = blocks(TEXT, "")
    outside = Outside(spy)
    for person, _place, words in re.findall(r"^(\w+) (#\S+)> /incident (.+)$", typed, re.MULTILINE):
        spy.clock.tick(minutes=4 if words.startswith("update") else 0)
        spy.say(f"incident {words}", by=PEOPLE[person], incident=1 if words.startswith("update") else None)
    outside.deliver()

    [heard] = outside.heard("U0KIM")
    shown = [it.removeprefix("> ").replace("**", "*") for it in TEXT.splitlines() if it.startswith("> ")]
    assert in_utc(heard).replace(" UTC", "").splitlines() == shown[:-1]


def test_all_that_the_page_says_to_say_is_understood(spy: SpyKit):
    spy.adopt(POLICY_OF_PAGE)
    spy.say('incident me "checkout is down" sev1')
    spy.create_channel(1, channel="C0ROOM")
    rows = [it for it in TEXT.splitlines() if it.startswith("| `incident")]
    said = [words for row in rows for words in re.findall(r"`(incident[^`…]+)`", row.split("|")[1])]

    answers = {
        words: spy.say(words.replace("incident 7", "incident 1"), by="U0KIM", channel="C0ROOM")
        for words in said
    }

    assert len(said) > 8
    assert [words for words, answer in answers.items() if answer.is_refusal] == []


def test_the_configuration_is_taken_as_it_is_written(tmp_path: Path):
    [written] = blocks(TEXT, "yaml")
    file = tmp_path / "config.yaml"
    file.write_text(written)

    settings = load(file, {})

    assert settings.mail
    assert (settings.mail.host, settings.mail.real_port) == ("smtp.example.com", 587)
    assert any("SMTP_PASSWORD" in it for it in settings.missing())
