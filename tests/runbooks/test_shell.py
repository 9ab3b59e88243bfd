"""The shell's grammar as far as Spy reads it, held against a shell: what counts as quotable, is."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.adapters.runbooks.shell import ShellContext, contexts, quoted

MARK = "v0n0e"
MARKS = re.compile(MARK)
SHELL = shutil.which("bash") or "sh"
PIECES = (
    *(
        "echo ",
        " ",
        "x",
        "'a b'",
        '"c d"',
        '"',
        "'",
        "`",
        "$(",
        "$((",
        "((",
        "))",
        ")",
        "(",
        "${x:-",
        "${x}",
        "}",
    ),
    *(
        "{ ",
        "; }",
        "\\",
        "\\'",
        '\\"',
        "#",
        " #c",
        "\n",
        ";",
        "|cat ",
        "&& echo ",
        "<<EOF",
        "<<'EOF'",
        "\nEOF\n",
    ),
    *(
        "EOF",
        "<<<",
        "$'",
        "$",
        "=",
        "x=",
        "--a=",
        ">",
        ">&",
        "<",
        "2>&1",
        "&",
        "if true; then ",
        "; fi",
        "!",
        " \\\n",
    ),
)


def context(code: str) -> ShellContext:
    return contexts(code, MARKS)[MARK]


def runs(folder: Path, code: str, *options: str) -> bool:
    """Let a shell have it, in an empty folder; whether it was content."""
    done = subprocess.run(
        (SHELL, *options, "-c", code),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=10,
        check=False,
    )
    return done.returncode == 0


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    before=st.lists(st.sampled_from(PIECES), max_size=6), after=st.lists(st.sampled_from(PIECES), max_size=4)
)
def test_no_shell_runs_what_is_in_a_value(tmp_path: Path, before: list[str], after: list[str]):
    code = f"echo {''.join(before)}{MARK}{''.join(after)}\n"
    found = contexts(code, MARKS).get(MARK, ShellContext(inside="?"))
    if found.inside or found.leads or found.reader or not runs(tmp_path, code.replace(MARK, "word"), "-n"):
        return  # refused, or no program at all
    run = tmp_path / "it-was-run"

    runs(
        tmp_path, code.replace(MARK, quoted(f"x'\"$(touch {run})`touch {run}`\ntouch {run}\n;touch {run};\\"))
    )

    assert not run.exists()


@pytest.mark.parametrize(
    ("code", "where"),
    [
        (f"kubectl delete pod {MARK}", ShellContext(begins=True)),
        (f"kubectl --name={MARK} get", ShellContext()),
        (f'echo "$(cat {MARK})"', ShellContext(begins=True)),
        (f"echo 'a'{MARK}'b'", ShellContext()),
        (f"sudo systemctl restart {MARK}", ShellContext(begins=True)),
        (f"x=1 sudo {MARK}", ShellContext(begins=True, leads=True)),
        (f"true; {MARK}", ShellContext(begins=True, leads=True)),
        (f"cat > {MARK}", ShellContext(begins=True, inside=">")),
        (f"> out {MARK}", ShellContext(begins=True, leads=True)),
        (f"curl x 2>&1 {MARK}", ShellContext(begins=True)),
        (f"a | b {MARK} | jq .", ShellContext(begins=True)),
        (f"a {MARK} | python3", ShellContext(begins=True, reader="python3")),
        (f"a # b\nc {MARK}", ShellContext(begins=True)),
        (f"cat <<< {MARK}", ShellContext(begins=True)),
    ],
)
def test_a_word_stands_where_a_shell_has_it(code: str, where: ShellContext):
    assert context(code) == where
