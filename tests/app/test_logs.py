"""What the log shows, and what it never shows."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from bot.app import logs


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, before = root.handlers[:], root.level, structlog.get_config()
    yield
    structlog.configure(**before)
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_machine_reads_one_json_object_a_line():
    out = io.StringIO()
    logs.configure(to=out)

    structlog.get_logger().info("incident opened", incident=42)

    line = json.loads(out.getvalue())
    assert (line["event"], line["incident"], line["level"]) == ("incident opened", 42, "info")


def test_secrets_are_masked_wherever_they_turn_up():
    out = io.StringIO()
    logs.configure(secrets=["hush-hush"], to=out)

    structlog.get_logger().warning(
        "hush-hush", url="postgres://spy:pw@db/spy", also=["xoxb-12-ab", "ghp_abcd12"]
    )
    logging.getLogger("library").warning("said %s", "hush-hush")
    structlog.get_logger().error("it broke", exc_info=RuntimeError("xapp-1-A0-abc"))

    assert len(out.getvalue().splitlines()) == 3
    assert not any(word in out.getvalue() for word in ("hush", "pw@", "xoxb", "ghp_", "xapp"))


def test_a_person_cannot_write_on_somebody_elses_screen():
    out = Screen()
    logs.configure(to=out)

    structlog.get_logger().info("asked", text="\x1b[2J\nfaked line")

    assert "\x1b[2J" not in out.getvalue()
    assert len(out.getvalue().splitlines()) == 1


def test_a_librarys_chatter_is_left_out_and_its_warnings_are_not():
    out = io.StringIO()
    logs.configure(to=out)

    logging.getLogger("library").info("chatter")
    logging.getLogger("library").warning("trouble")

    (line,) = map(json.loads, out.getvalue().splitlines())
    assert (line["event"], line["logger"], line["level"]) == ("trouble", "library", "warning")
