"""docs/permissions.md, made from what the commands declare. `python -m tests.support.permissions` writes it anew."""

from collections.abc import Iterator

from bot.commands.command import Command
from bot.commands.plugins import load
from bot.commands.request import Source
from bot.domain.permission import INCLUDED
from tests.support.folders import PLUGINS, ROOT

FILE = ROOT / "docs" / "permissions.md"
BEGINS = "<!-- made from the commands -->"
COLUMNS = ("guest", "member", "responder", "commander", "operator", "admin")
"""A person with this role and no other. Guests are also people of other organisations."""


def may(role: str, needed: str) -> bool:
    """Return whether a person of a column may do what needs a role, where `responder:` names people."""
    return needed == "everyone" or role in INCLUDED[needed]


def written() -> str:
    """Return the page as it is to be: the words of the file, with the tables made anew."""
    kept = FILE.read_text(encoding="utf-8").partition(BEGINS)[0]
    return kept + BEGINS + "\n" + "\n".join(_tables()) + "\n"


def _tables() -> Iterator[str]:
    commands = sorted(load([PLUGINS]).commands, key=lambda it: (it.family, it.words))
    for family in dict.fromkeys(it.family for it in commands):
        theirs = [it for it in commands if it.family == family]
        yield from ("", f"### {family.replace('_', '-')}", "", *_table(theirs))


def _table(commands: list[Command]) -> Iterator[str]:
    yield f"| command | {' | '.join(COLUMNS)} |"
    yield f"|---|{'---|' * len(COLUMNS)}"
    for it in commands:
        cells = ("yes" if may(role, it.allow) else "no" for role in COLUMNS)
        note = f" ({it.allow}, unless {it.unless})" if it.unless else ""
        usage = it.usage.replace("|", "\\|")
        yield f"| `{usage}`{note} | {' | '.join(cells)} |"


WAYS = tuple(Source)

if __name__ == "__main__":
    FILE.write_text(written(), encoding="utf-8")
