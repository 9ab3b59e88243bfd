"""Hand-made faults in the outbox, its lanes and leases, the timers and the keys. `make simulate` must find each.

`python -m tests.simulation --mutations` puts one after another into a copy of the tree, and runs worlds there until a
law is broken.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.support.folders import ROOT

COPIED = (
    "bot",
    "plugins",
    "templates",
    "tests/fakes",
    "tests/properties",
    "tests/simulation",
    "tests/support",
)
WITHIN = 60.0
"""Seconds in which a fault must be found."""
SIDE_BY_SIDE = 2
ASKED = ("--first", "8", "--processes", "1", "--stop-at-first")


@dataclass(frozen=True, kw_only=True)
class Mutation:
    """A small edit of one file. `old` occurs there exactly once."""

    name: str
    file: str
    old: str
    new: str

    def apply(self, root: Path) -> None:
        file = root / self.file
        file.write_text(file.read_text().replace(self.old, self.new))


OUTBOX, DELIVERY = "bot/adapters/database/outbox.py", "bot/workers/outbox.py"
RESULT, POSTS = "bot/workers/attempt_result.py", "bot/workers/deliver/posts.py"
TIMERS, REMINDERS = "bot/adapters/database/timers.py", "bot/services/reminders.py"
SHARED, STATEMENTS = "bot/adapters/database/coordination.py", "bot/adapters/database/statements.py"
MUTATIONS = (
    Mutation(
        name="lanes keep no order",
        file=OUTBOX,
        old="c.id == _first_of_lane(outbox),",
        new="",
    ),
    Mutation(
        name="a lane begins with its newest effect",
        file=OUTBOX,
        old="order_by(other.c.id).limit(literal(1))",
        new="order_by(other.c.id.desc()).limit(literal(1))",
    ),
    Mutation(
        name="a lapsed lease is not seen as uncertain",
        file=OUTBOX,
        old='uncertain=or_(c.uncertain, c.state == "sending")',
        new="uncertain=c.uncertain",
    ),
    Mutation(
        name="leases last for ever",
        file=OUTBOX,
        old="or_(due, lapsed),\n            *left_out,",
        new="due,\n            *left_out,",
    ),
    Mutation(
        name="what another process is sending is claimed",
        file=OUTBOX,
        old='lapsed = and_(c.state == "sending", c.lease_until < now)',
        new='lapsed = and_(c.state == "sending", c.lease_until > now)',
    ),
    Mutation(
        name="all lines of an incident have one key",
        file="bot/domain/incident/event_effects.py",
        old='key=f"line:{n}:{seq}"',
        new='key=f"line:{n}"',
    ),
    Mutation(
        name="an effect that waits for a channel is never released",
        file=OUTBOX,
        old='return held.values(state="ready")',
        new='return held.values(state="held")',
    ),
    Mutation(
        name="an effect does not wait for its channel",
        file=OUTBOX,
        old="is_ready = incident is None or self._has_place(incident)",
        new="is_ready = True",
    ),
    Mutation(
        name="a try without an answer counts as not done",
        file=RESULT,
        old="logged=unreachable.logged,\n            again_in=backoff(item),\n            uncertain=True,",
        new="logged=unreachable.logged,\n            again_in=backoff(item),\n            uncertain=False,",
    ),
    Mutation(
        name="a throttled try forgets that an earlier one may have arrived",
        file=RESULT,
        old="uncertain=item.uncertain,",
        new="uncertain=False,",
    ),
    Mutation(
        name="an earlier post is looked for under another key",
        file=POSTS,
        old="partial(self.chat.find_post, place.to, key=key,",
        new='partial(self.chat.find_post, place.to, key=f"{key}:",',
    ),
    Mutation(
        name="success has no consequences",
        file=DELIVERY,
        old="outcome.attempt.on_success(tx, outcome.result)",
        new="bool(outcome.attempt.on_success)",
    ),
    Mutation(
        name="a request is not remembered",
        file=SHARED,
        old='self._new[request] = {"id": request, "at": at, "answer": ""}\n        return None',
        new='self._new[request] = {"id": f"{request}{at}", "at": at, "answer": ""}\n        return None',
    ),
    Mutation(
        name="a change of an incident sets no timers",
        file="bot/services/transaction.py",
        old="self.session.timers.replace(incident.subject, agenda(incident, self.policy), is_new=known is None)",
        new="agenda(incident, self.policy)",
    ),
    Mutation(
        name="a timer that is due is used, and nothing is sent",
        file=REMINDERS,
        old="                source.send(timer)\n",
        new="                del timer\n",
    ),
    Mutation(
        name="a period is reminded of again and again",
        file="bot/domain/reminder.py",
        old="    return start + every * ((sent.at - start) // every + 1)",
        new="    return start + every * ((sent.at - start) // every)",
    ),
    Mutation(
        name="a timer is used before it is due",
        file=REMINDERS,
        old="if timer.key in waiting and timer.due_at <= self._tx.now:",
        new='if timer.key in waiting or timer.key.endswith(".0"):',
    ),
    Mutation(
        name="where a message was posted is not remembered",
        file=SHARED,
        old='upsert(self._dialect, self._table, "slot").run(self._connection, row)',
        new="del row",
    ),
    Mutation(
        name="a retry leaves its younger twin in the outbox",
        file=OUTBOX,
        old="self._connection.execute(self._table.delete().where(waiting))",
        new="del waiting",
    ),
    Mutation(
        name="all pages have one key in the outbox",
        file="bot/services/paging/paging.py",
        old='key=f"send-page:{page.number}"',
        new='key="send-page"',
    ),
)


def main() -> int:
    """Try all, and print a line for each. Return 1 if one was not found in time."""
    found = 0
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        for mutation, (seconds, law) in zip(MUTATIONS, pool.map(_found, MUTATIONS), strict=True):
            sys.stdout.write(f"{mutation.name:60} {seconds:5.0f} s  {law or 'NOT FOUND'}\n")
            sys.stdout.flush()
            found += law is not None
    sys.stdout.write(f"{found} of {len(MUTATIONS)} found\n")
    return 0 if found == len(MUTATIONS) else 1


def _found(mutation: Mutation) -> tuple[float, str | None]:
    """Return after how many seconds its run ended, and which law found it; None if none did in time."""
    with tempfile.TemporaryDirectory(prefix="spy-mutation-") as folder:
        root = Path(folder)
        for name in COPIED:
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        (root / "tests/__init__.py").touch()
        mutation.apply(root)
        began = time.monotonic()
        asked = [sys.executable, "-m", "tests.simulation", *ASKED, "--minutes", str(WITHIN / 60)]
        ended = subprocess.run(
            asked,
            cwd=root,
            env={**os.environ, "PYTHONPATH": folder},
            capture_output=True,
            text=True,
            check=False,
        )
        laws = [line for line in ended.stdout.splitlines() if line.startswith("seed ")]
        took = time.monotonic() - began
        return took, laws[0] if laws and took <= WITHIN else None
