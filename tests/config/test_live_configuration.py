"""A configuration that changes under a running bot: what is good is taken over, what is not is told."""

import os
from pathlib import Path

import pytest

from bot.app.settings import load
from bot.config import News, Reloader

GOOD = "milestones: [{name: page, when: 30s, message: look}]\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(GOOD, encoding="utf-8")
    return path


def following(path: Path) -> Reloader:
    return Reloader(load(path, {}), lambda text: load(path, {}, text=text))


def taken(live: Reloader) -> News | None:
    """Look, and decide as Spy does: take what can be used, and leave the rest."""
    live.look()
    news = live.look()
    if news and news.settings:
        live.adopt(news.settings)
    elif news:
        live.leave(news.version)
    return news


def write(path: Path, text: str) -> None:
    """Write so that the file's time differs, however fast the test is."""
    before = path.stat().st_mtime_ns
    path.write_text(text, encoding="utf-8")
    os.utime(path, ns=(before + 10**9, before + 10**9))


def test_a_file_that_stays_as_it_is_is_no_news(file: Path):
    assert taken(following(file)) is None


def test_a_good_change_is_taken_over(file: Path):
    live = following(file)

    write(file, GOOD.replace("30s", "5m").replace("page", "later"))
    news = taken(live)

    assert news
    assert news.mistakes == ()
    assert [it.name for it in live.policy().milestones] == ["later"]


def test_a_bad_milestone_is_refused_with_file_line_and_key_and_the_last_good_one_stays(file: Path):
    live = following(file)

    write(file, "milestones:\n  - {name: page, when: soon, message: look}\n")
    news = taken(live)

    assert news
    assert news.mistakes == (
        f"{file}:2: milestones.when: must be a length of time, such as 15m, 2h, 90s or 1d, not 'soon'.",
    )
    assert [it.name for it in live.policy().milestones] == ["page"]
    assert taken(live) is None


def test_a_file_that_is_gone_leaves_the_last_good_one(file: Path):
    live = following(file)

    file.unlink()
    news = taken(live)

    assert news
    assert "there is no such file" in news.mistakes[0]
    assert live.policy().milestones


def test_what_is_mended_is_taken_over_again(file: Path):
    live = following(file)
    write(file, "milestones: nonsense\n")
    taken(live)

    write(file, GOOD)
    news = taken(live)

    assert news
    assert news.mistakes == ()


def test_a_file_that_is_half_written_is_neither_taken_nor_refused(file: Path):
    live = following(file)

    found = []
    for text in ("", "milestones: [{na", GOOD.replace("30s", "5m")):
        write(file, text)
        found.append(live.look())

    assert found == [None, None, None]
    assert live.look()


def test_a_file_that_is_far_too_large_is_refused_unread(file: Path):
    live = following(file)

    write(file, "# no end\n" * 200_000)
    news = taken(live)

    assert news
    assert news.mistakes == (f"{file}: more than 1024 KB are not read. Is it the right file?",)
