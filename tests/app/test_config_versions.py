"""The versions of config.yaml in the database: whose decision counts, what is kept, and for how long."""

from dataclasses import replace
from datetime import timedelta

from bot.config.differences import differences, in_one_line
from bot.domain.config_version import EARLIER, LAST_TEXTS, in_force, takings
from bot.domain.effects import Notify
from bot.services.configuration import ConfigVersions, Held
from bot.testing import SpyKit

HOURS = timedelta(hours=1)


def held(version: str, *, by: str = "spy-1:7", content: str = "") -> Held:
    file = f"{by.partition(':')[0]}:/config.yaml"
    return Held(hash=version, content=content, text=f"text of {version}", file=file, by=by)


def take(spy: SpyKit, version: str, *, by: str = "spy-1:7", content: str = "") -> None:
    with spy.tx() as tx:
        ConfigVersions(tx).take(held(version, by=by, content=content), change=f"change to {version}")


def refuse(spy: SpyKit, version: str, *, by: str = "spy-1:7", content: str = "") -> bool:
    with spy.tx() as tx:
        return ConfigVersions(tx).refuse(held(version, by=by, content=content), ["line 3"])


def texts(spy: SpyKit) -> dict[str, bool]:
    """Return which versions are known, and whether their texts are kept."""
    with spy.tx() as tx:
        return {it.hash: it.text is not None for it in ConfigVersions(tx).taken()}


def test_the_text_of_a_version_is_kept_for_a_day_after_another_took_its_place(spy: SpyKit):
    for version in ("a", "b", "c"):
        take(spy, version)
        spy.clock.tick(hours=1)

    assert texts(spy) == {"c": True, "b": True, "a": True}
    spy.clock.tick(hours=25)
    take(spy, "d")
    assert texts(spy) == {"d": True, "c": True, "b": False, "a": False}


def test_the_last_two_stay_however_old_they_are_and_older_rows_go(spy: SpyKit):
    for version in ("a", "b", "c"):
        take(spy, version)
        spy.clock.tick(days=200)

    assert texts(spy) == {"c": True, "b": True}


def test_of_files_that_say_the_same_the_texts_of_the_last_two_contents_stay_ten_at_most(spy: SpyKit):
    for content in ("a", "b", "c"):
        for nth in (1, 2):
            take(spy, f"{content}{nth}", by=f"spy-{nth}:7", content=content)
        spy.clock.tick(days=3)

    assert [it for it, is_kept in texts(spy).items() if is_kept] == ["c2", "c1", "b2", "b1"]

    for nth in range(20):  # each has another comment
        take(spy, f"d{nth}", content="d")
        spy.clock.tick(days=3)
    assert sum(texts(spy).values()) == LAST_TEXTS


def test_a_version_that_comes_back_is_the_newest_again(spy: SpyKit):
    for version in ("a", "b", "a"):
        take(spy, version)
        spy.clock.tick(hours=1)

    assert list(texts(spy)) == ["a", "b"]


def test_the_version_in_force_at_a_time_is_found_also_if_it_was_taken_again_since(spy: SpyKit):
    began = spy.clock.now()
    for version in ("a", "b", "c", "b"):
        take(spy, version)
        spy.clock.tick(hours=1)

    with spy.tx() as tx:
        taken = ConfigVersions(tx).taken()
    found = [in_force(taken, began + (nth + 0.5) * HOURS) for nth in range(4)]
    assert [it.hash if it else None for it in found] == ["a", "b", "c", "b"]
    assert [(it.short, it.taken_at) for it in takings(taken)] == [
        (version, began + nth * HOURS) for nth, version in reversed(list(enumerate("abcb")))
    ]


def test_of_a_version_that_is_taken_over_and_over_the_last_times_are_kept(spy: SpyKit):
    for _ in range(EARLIER + 5):
        for version in ("a", "b"):
            take(spy, version)
            spy.clock.tick(hours=1)

    with spy.tx() as tx:
        assert [len(it.takings) for it in ConfigVersions(tx).taken()] == [EARLIER + 1, EARLIER + 1]


def test_a_refusal_of_another_process_counts_if_it_came_while_this_one_tried(spy: SpyKit):
    began = spy.clock.now()
    spy.clock.tick(seconds=1)
    refuse(spy, "b")

    with spy.tx() as tx:
        assert ConfigVersions(tx).agreed("b", [], since=began) == ("line 3",)
        assert ConfigVersions(tx).agreed("b", [], since=tx.now + HOURS) == []
        assert ConfigVersions(tx).agreed("c", ["line 4"], since=began) == ["line 4"]


def test_a_version_that_another_process_took_meanwhile_is_taken(spy: SpyKit):
    began = spy.clock.now()
    spy.clock.tick(seconds=1)
    take(spy, "b", by="spy-2:7")

    with spy.tx() as tx:
        assert ConfigVersions(tx).agreed("b", ["line 3"], since=began) == ()


def test_a_refusal_is_told_again_only_if_another_version_was_taken_since(spy: SpyKit):
    take(spy, "a")
    told = [refuse(spy, "b"), refuse(spy, "b")]
    spy.clock.tick(hours=1)
    take(spy, "c")
    spy.clock.tick(hours=1)

    assert [*told, refuse(spy, "b"), refuse(spy, "b")] == [True, False, True, False]


def told(spy: SpyKit) -> list[str]:
    return [it.template for it in spy.asked(Notify)]


def test_another_machine_with_a_good_file_of_its_own_does_not_end_a_refusal(spy: SpyKit):
    spy.adopt(replace(spy.policy, permissions={"admin": frozenset({"U0ANA"})}))
    take(spy, "a")
    refuse(spy, "b")

    take(spy, "a", by="spy-2:9")
    before = told(spy)
    take(spy, "a", by="spy-1:9")

    assert before == ["shared/configuration"]
    assert told(spy) == ["shared/configuration", "shared/configuration_taken"]


# --- what is different ------------------------------------------------------------------------------------


def test_the_difference_is_named_by_key_in_one_line():
    before = "timers: {relief_ask: 60m}\nteams: {web: {channel: C0WEB}}\nroles: [scribe]\n"
    after = "timers: {relief_ask: 30m}\nroles: [scribe, support]\nweb: {port: 1}\nlimits: {within: 5m}\n"

    assert in_one_line(before, after) == (
        "timers.relief_ask 60m → 30m, roles [scribe] → [scribe, support], web.port nothing → 1, and 2 more"
    )


def test_comments_and_empty_sections_are_no_difference():
    assert in_one_line("web: {port: 1}\n", "# ours\nweb:\n  port: 1\nteams:\n") == "comments or layout only"
    assert differences("", "teams: {}\n") == {}


def test_a_long_value_is_cut_and_stays_on_its_line():
    assert in_one_line("", f"milestones: '{'word ' * 20}'\nroles: 'a\n\n  b'") == (
        "milestones nothing → word word word word word word…, roles nothing → a b"
    )
