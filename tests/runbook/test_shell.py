"""Where a value may stand in a shell command, held against a shell."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.adapters.runbooks.shell import calculates, is_argument, is_assigned, is_command, quoted, reader_in

MARK = "v0n0e"
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
        ";#",
        "f() { ",
        "\\command ",
        "timeout 5 ",
        "(#",
        "x=(a) ",
    ),
)


def surroundings(before: list[str], after: list[str]) -> tuple[str, str]:
    return f"echo {''.join(before)}", f"{''.join(after)}\n"


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


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    before=st.lists(st.sampled_from(PIECES), max_size=6), after=st.lists(st.sampled_from(PIECES), max_size=4)
)
def test_no_shell_runs_what_is_in_a_value(tmp_path: Path, before: list[str], after: list[str]):
    start, end = surroundings(before, after)
    if not is_argument(start, end) or is_command(start) or not runs(tmp_path, f"{start}word{end}", "-n"):
        return  # refused, or no program at all
    run = tmp_path / "it-was-run"

    value = quoted(f"x'\"$(touch {run})`touch {run}`\ntouch {run}\n;touch {run};\\")
    runs(tmp_path, f"{start}{value}{end}")

    assert not run.exists()


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    before=st.lists(st.sampled_from(PIECES), max_size=6), after=st.lists(st.sampled_from(PIECES), max_size=4)
)
def test_no_shell_runs_a_plain_word_as_a_command(tmp_path: Path, before: list[str], after: list[str]):
    start, end = surroundings(before, after)
    program, run = tmp_path / "go", tmp_path / "it-was-run"
    program.write_text(f"#!/bin/sh\ntouch {run}\n", encoding="utf-8")
    program.chmod(0o755)
    if is_command(start):
        return  # refused

    run.unlink(missing_ok=True)
    runs(tmp_path, f"x=1\n{start}./go{end}")

    assert not run.exists()


@pytest.mark.parametrize(
    "code",
    [
        f"kubectl delete pod {MARK}",
        f"kubectl --name={MARK} get",
        f"sudo systemctl restart {MARK}",
        f"curl x 2>&1 {MARK}",
        f"a | b {MARK} | jq .",
        f"a # b\nc {MARK}",
        f"a 'b c' \"$d\" \\\n  {MARK}",
        f"x={MARK}",
        f"(cd x; make {MARK})",
        f"echo $x {MARK}",
        f"sudo -u postgres pg_ctl {MARK}",
        f"sudo --user=root systemctl {MARK}",
        f"timeout 5 curl {MARK}",
        f"watch -n5 curl {MARK}",
        f"if [ -f {MARK} ]",
        f"for it in {MARK}",
        f"find . -exec rm {MARK} \\;",
    ],
)
def test_a_value_may_be_an_argument(code: str):
    before, after = code.split(MARK)

    assert is_argument(before, after)
    assert not is_command(before)


@pytest.mark.parametrize(
    "before",
    [
        "kubectl rollout undo deployment/",
        "sudo systemctl restart postgresql@",
        "echo $(date +%F) ",
        "diff <(ls) ",
        'logger "restart at $(date)" ',
        '"$TOOL" ',
        "x=",
        "./restart.sh ",
    ],
)
def test_a_word_may_follow_a_command(before: str):
    assert not is_command(before)


def test_a_word_may_stand_in_arithmetic():
    assert not is_command("echo $(( ", " * 2 ))")
    assert is_command("((", "); true)")


@pytest.mark.parametrize(
    "code",
    [
        f"x=1 sudo {MARK}",
        f"true; {MARK}",
        f"> out {MARK}",
        f"> out\n{MARK}",
        f">&2 {MARK}",
        f"a \\\\\n{MARK}",
        f"x='a b' {MARK}",
        f'"{MARK}"',
        f"echo '\\'\n{MARK}",
        f"echo hi;# look \\\n{MARK}",
        f"(# c \\\n{MARK})",
        f"true &# c \\\n{MARK}",
        f"true |# c \\\n{MARK}",
        *(f"\\{it} {MARK}" for it in ("command", "sudo", "time", "nohup", "env")),
        f"/usr/bin/sudo {MARK}",
        f"su\\\ndo {MARK}",
        f"f() {{ {MARK}; }}; f",
        f"function f {{ {MARK}; }}",
        f"timeout 5 {MARK}",
        f"nice -n 5 {MARK}",
        f"env -i {MARK}",
        f"sudo -u root {MARK}",
        f"exec -a x {MARK}",
        f"command -p {MARK}",
        f"time -p {MARK}",
        f"case a in a) {MARK}",
        f"echo $(case a in a) {MARK};; esac)",
        f"coproc {MARK}",
        f"find . -execdir {MARK}",
        f"{{fd}}>out {MARK}",
        f"a[0]=1 {MARK}",
        f"x=(a) {MARK}",
        f"$UNSET {MARK}",
        f"$(true) {MARK}",
        f"${{x}}timeout 5 {MARK}",
        f"nice -n 5 \\-- {MARK}",
        f"sudo '-n' {MARK}",
        f"'/usr/bin/sudo' {MARK}",
        f">&2>&1x {MARK}",
        f"(({MARK}); true)",
        f"./{MARK}",
        f'echo "$(true; "sudo" {MARK})"',
        f"bash -c {MARK}",
    ],
)
def test_a_value_may_not_be_the_command(code: str):
    assert is_command(code.split(MARK, maxsplit=1)[0])


def test_a_program_that_reads_code_is_found_by_its_whole_name():
    assert reader_in("a | python3 -") == "python3"
    assert reader_in("./restart.sh --ssh-key x") is None
    assert reader_in("kubectl get nodes") is None


@pytest.mark.parametrize(
    "code",
    [
        "make deploy",
        "mawk x",
        "gawk x",
        "python3.11 -c x",
        "mariadb -e x",
        "printf -v x",
        "read x",
        "test -v x",
        "[ -v x ]",
        "[[ a && -v x ]]",
        "true &test -v x",
        "mapfile -C x",
        "at now",
        "batch",
        "psql-15",
        "\\bash -c x",
    ],
)
def test_what_reads_code_is_found(code: str):
    assert reader_in(f"true\n{code}\n")


@pytest.mark.parametrize(
    "code", ["# watch the graphs\nlogger x", "logger x # not at sh", "logger 'look at it'"]
)
def test_a_remark_is_no_program(code: str):
    assert reader_in(code) is None


@pytest.mark.parametrize("use", ["(( x ))", "echo $((x))", 'echo "${y[x]}"', "y[x]=1", "echo ${y:x}"])
def test_a_shell_may_calculate_with_a_variable(use: str):
    assert calculates(f"x={MARK}\n{use}\n")


def test_a_variable_that_is_only_shown_is_not_calculated_with():
    assert not calculates(f"x={MARK}\necho \"$x\" '.items[0]' # a[0]\n")


def test_a_value_behind_a_name_and_an_equals_sign_is_assigned():
    assert is_assigned("true; x=")
    assert not is_assigned("logger --tag=")
