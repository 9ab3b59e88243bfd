"""No value becomes a command, no template runs away: what is tried against a runbook, and what comes of it."""

import html
import re
import shlex
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.refusal import Refusal
from tests.runbook.library import Library

EVIL = [
    "x; reboot",
    "$(reboot)",
    "`reboot`",
    "x' ; reboot ; '",
    'x" ; reboot ; "',
    "x\nreboot",
    "a``` b\n```\nreboot\n```",
    "x && reboot # y",
    "\\",
    "it's \\'; reboot",
    "a\u202eb",
    "x\x1b[A\x03\rreboot",
    "${IFS}reboot",
    "!!",
    "*",
    "<!channel>",
    "{{ 7 * 7 }}",
]


def code_in(filled: str) -> str:
    """The letters that a person copies out of the one block of code."""
    _, code, after = filled.split("```")
    assert not after.strip()
    return html.unescape(code).strip("\n")


# --- a block of code --------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", EVIL)
def test_a_value_in_a_block_is_one_word_of_its_command(library: Library, value: str):
    filled = library.fill("```\nlogger --tag spy {{ text }} end\n```\n", text=value)

    words = shlex.split(code_in(filled))
    assert words[:3] == ["logger", "--tag", "spy"]
    assert words[4:] == ["end"]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(value=st.text(alphabet=st.sampled_from("ab '\"`$\\;&|<>(){}!#*~\n-=é"), min_size=1, max_size=40))
def test_a_shell_hands_any_text_on_as_it_was_typed(library: Library, value: str):
    typed = f"x{value}x"

    code = code_in(library.fill("```bash\nprintf %s {{ text }}\n```\n", text=typed))

    assert subprocess.run(("sh", "-c", code), capture_output=True, check=True).stdout.decode() == typed


def test_a_value_joined_to_the_authors_letters_stays_one_word(library: Library):
    filled = library.fill("```\ngit commit --message={{ text }}\n```\n", text="it's; down")

    assert shlex.split(code_in(filled)) == ["git", "commit", "--message=it's; down"]


def test_a_value_that_was_reckoned_is_quoted_all_the_same(library: Library):
    body = '{% set said = text | upper %}\n```\necho {{ said ~ ";" }}\n```\n'

    assert shlex.split(code_in(library.fill(body, text="a b"))) == ["echo", "A B;"]


def test_text_may_begin_like_an_option_only_where_it_is_none(library: Library):
    assert "--message=" in library.fill("```\ngit commit --message={{ text }}\n```\n", text="--amend me")

    with pytest.raises(Refusal, match="starts with -"):
        library.fill("```\ngit commit {{ text }}\n```\n", text="--amend me")


@pytest.mark.parametrize(
    "value", ["--all", "a b", "a;b", "../etc", "a/../../etc", "$x", "a\nb", "~", "=ls", "é", ".", "/"]
)
def test_a_word_is_a_word_in_any_shell(library: Library, value: str):
    library.put("")
    runbook = library.runbooks.find("try")

    assert "word" in library.runbooks.read(runbook, {"word": value}).wrong


@pytest.mark.parametrize("value", ["-9", "1e9", "0x10", "NaN", "1 2", "٣"])
def test_a_number_is_digits(library: Library, value: str):
    library.put("")
    runbook = library.runbooks.find("try")

    assert "number" in library.runbooks.read(runbook, {"word": "x", "number": value}).wrong


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ('echo "{{ text }}"', "an argument of its own"),
        ("echo '{{ text }}'", "an argument of its own"),
        ("echo $'{{ text }}'", "an argument of its own"),
        ('echo "a $(cat <<< "{{ text }}")"', "an argument of its own"),
        ("echo `cat {{ text }}`", "an argument of its own"),
        ("echo ${x:-{{ text }}}", "an argument of its own"),
        ("echo $(( {{ text }} ))", "an argument of its own"),
        ('echo ${x:-"}{{ text }}"}', "an argument of its own"),
        ('echo "${x:-"{{ text }}"}"', "an argument of its own"),
        ("cat <<$MARK\nx {{ text }}", "an argument of its own"),
        ('cat <<E"O"F\nx {{ text }}\nEOF', "an argument of its own"),
        ("true # {{ text }}", "an argument of its own"),
        ("cat <<EOF\nx {{ text }}\nEOF", "an argument of its own"),
        ("cat <<-'EOF'\n\tx {{ text }}\n\tEOF", "an argument of its own"),
        ("echo a'b'{{ text }}", "an argument of its own"),
        ("echo {{ text }}{{ text }}", "an argument of its own"),
        ("cat > {{ text }}", "an argument of its own"),
        ("cat <<< {{ text }}", "an argument of its own"),
        ('echo "$(date)" {{ text }}', "an argument of its own"),
        ("{{ text }} --now", "would be the command itself"),
        ("{{ word }} --now", "would be the command itself"),
        ("true && {{ word }}", "would be the command itself"),
        ("sudo {{ word }}", "would be the command itself"),
        ("echo $({{ word }})", "would be the command itself"),
        ("x=1 {{ word }}", "would be the command itself"),
        ("x='a b' {{ word }}", "would be the command itself"),
        ("> out {{ word }}", "would be the command itself"),
        ("''{{ word }}", "would be the command itself"),
        ('"{{ word }}" --now', "would be the command itself"),
        ("eval {{ text }}", "eval would read"),
        ("ssh db-1 {{ text }}", "ssh would read"),
        ("bash -c {{ text }}", "bash would read"),
        ("echo {{ text }} | sh", "sh would read"),
        ("echo {{ text }} \\\n  | sudo bash", "bash would read"),
        ("echo {{ text }} |\n  sh", "sh would read"),
        ("psql --command {{ text }}", "psql would read"),
        ("find . -exec {{ text }} \\;", "-exec would read"),
        ("make deploy REASON={{ text }}", "make would read"),
        ("x={{ text }}\n(( x ))", "arithmetic would read"),
        ("timeout 5 {{ word }}", "let it be a choice"),
    ],
)
def test_what_can_not_be_quoted_is_refused_at_load_with_its_line(library: Library, code: str, why: str):
    mistake = library.mistake(f"\nFirst.\n\n```\n{code}\n```\n")

    line = 13 + code[: code.index("{{")].count("\n")
    assert mistake.startswith(f"try.md.j2:{line}: ")
    assert re.search(why, mistake)


@pytest.mark.parametrize(
    ("tool", "code", "why"),
    [
        ("psql", "{{ tool }} -c {{ text }}", "psql would read"),
        ("sudo", "{{ tool }} {{ word }}", "would be the command itself"),
    ],
)
def test_a_choice_of_programs_counts_as_each_of_them(library: Library, tool: str, code: str, why: str):
    choices = f"  tool: {{type: choice, choices: [kubectl, {tool}]}}\n"
    library.put(
        f"```\n{code}\n```\n",
        front=f"title: Try\nparameters:\n{choices}  word:\n  text: {{type: text}}\n",
    )

    [mistake] = library.runbooks.mistakes()

    assert why in mistake


def test_a_filter_that_is_not_known_is_named_beside_those_that_are(library: Library):
    mistake = library.mistake("{{ word | truncate }}\n")

    assert "No filter named 'truncate'. A runbook has default, first," in mistake


def test_a_remark_about_a_program_does_no_harm(library: Library):
    assert "logger" in library.fill("```\n# watch the graphs\nlogger {{ text }}\n```\n", text="it's down")


def test_a_word_may_stand_in_the_authors_quotes(library: Library):
    filled = library.fill("```\npsql --command \"SELECT '{{ word }}'\"\n```\n", word="db-1")

    assert code_in(filled) == "psql --command \"SELECT 'db-1'\""


@pytest.mark.parametrize("language", ["sql", "python", "powershell", "fish", "console", "yaml"])
def test_where_no_shell_reads_only_words_are_let_in(library: Library, language: str):
    assert "only a block for the shell" in library.mistake(f"```{language}\nx = '{{{{ text }}}}'\n```\n")
    assert "db-1" in library.fill(f"```{language}\nx = '{{{{ word }}}}'\n```\n")


def test_a_line_of_code_takes_no_text(library: Library):
    assert "needs a block of code" in library.mistake("Say `echo {{ text }}` aloud.\n")
    assert "`echo db-1`" in library.fill("Say `echo {{ word }}` aloud.\n")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("````\na\n```\nb\n````\n", "with ``` in it"),
        ("~~~\n```\n~~~\n", "with ``` in it"),
        ("Say `` a`b `` aloud.\n", "with a backtick in it"),
        ("``` {{ word }}\nx\n```\n", "as the language of a block"),
    ],
)
def test_code_that_chat_can_not_show_is_refused_at_load(library: Library, body: str, why: str):
    assert why in library.mistake(body)


def test_whose_letters_a_choice_between_two_has_is_theirs(library: Library):
    body = "Say `{{ 'hard' if text else 'soft' }}` and `{{ text == word }}`.\n"

    assert library.fill(body, text="a; b") == "Say `hard` and `False`."


@pytest.mark.parametrize("said", ["text", "text | upper", "'a' ~ text", "text | replace('o', 'a') | trim"])
def test_what_is_not_known_is_never_made_up(library: Library, said: str):
    assert library.fill(f"It is {{{{ {said} }}}}.\n") == "It is not known yet."

    with pytest.raises(Refusal, match="not known yet"):
        library.fill(f"```\nlogger {{{{ {said} }}}}\n```\n")


@pytest.mark.parametrize("said", ["text | int", "text | length", "text | first", "[word, text] | last"])
def test_nothing_is_reckoned_from_what_is_not_known(library: Library, said: str):
    assert library.fill(f"It is {{{{ {said} }}}}.\n") == "It is not known yet."


def test_a_default_stands_in_for_what_is_not_known(library: Library):
    assert library.fill("{{ text | default('nothing') }}\n") == "nothing"


def test_a_text_may_be_kept_in_a_variable_of_the_shell(library: Library):
    filled = library.fill('```\nsaid={{ text }}\necho "$said" # once\n```\n', text="it's; $(down)")

    assert shlex.split(code_in(filled), comments=True)[0] == "said=it's; $(down)"


def test_half_a_command_is_never_shown(library: Library):
    with pytest.raises(Refusal, match="needs text, which is not known yet"):
        library.fill("```\nlogger {{ text }}\n```\n")


def test_a_branch_that_opens_quotes_is_refused_when_it_is_taken(library: Library):
    body = (
        "```\n{% if region == \"west\" %}\necho 'a\n{% else %}\necho 'b'\n{% endif %}\necho {{ text }}\n```\n"
    )

    assert "an argument of its own" in library.mistake(body)


# --- prose and links --------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", EVIL)
def test_a_value_in_prose_opens_no_code_and_pings_nobody(library: Library, value: str):
    filled = library.fill("Because {{ text }}.\n", text=value)

    assert "`" not in filled
    assert "\n" not in filled
    assert "<" not in filled.replace("&lt;", "")


def test_a_value_is_no_markdown(library: Library):
    filled = library.fill("{{ text }}\n", text="# [x](https://evil.example) ![y](z)")

    assert filled == "# [x](https://evil.example) ![y](z)"


def test_a_value_in_an_address_stays_a_part_of_it(library: Library):
    filled = library.fill("[graph](https://g.example.com/d?service={{ text }})\n", text="a&b=c|d> <!here>")

    assert filled == "<https://g.example.com/d?service=a%26b%3Dc%7Cd%3E%20%40here|graph>"


@pytest.mark.parametrize(
    "link",
    ["[x]({{ word }})", "[x](https://{{ word }}/a)", "[x](https://a.{{ word }}:80/)", "[x](/a/{{ word }})"],
)
def test_a_value_never_says_where_a_link_leads(library: Library, link: str):
    assert "where a link leads" in library.mistake(f"{link}\n")


def test_what_an_incident_says_is_a_value_like_any_other(library: Library):
    incident = {"id": "INC-1", "name": "x &lt;b&gt; `reboot`; reboot", "cause": None}
    body = "{{ incident.name }} {{ incident.cause }}\n```\nlogger {{ incident.name }}\n```\n"

    prose, code, _ = library.fill(body, incident).split("```")

    assert prose.strip() == "x &lt;b&gt; \u02cbreboot\u02cb; reboot not known yet"
    assert shlex.split(html.unescape(code)) == ["logger", "x <b> `reboot`; reboot"]


# --- the sandbox ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        "{{ word.__class__ }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ word['__class__'] }}",
        "{{ word | attr('__class__') }}",
        "{{ word.format(1) }}",
        "{{ self }}",
        "{{ cycler }}",
        "{{ lipsum() }}",
        "{{ incident.__class__ }}",
        "{{ incident.passwords }}",
        "{{ incident }}",
        "{{ 10 ** 10 }}",
        "{{ 'a' * 10 }}",
        "{{ '%99999d' % 1 }}",
        "{{ word | center(99999) }}",
        "{{ unheard_of }}",
        "{% include 'shared/words.j2' %}",
        "{% import 'shared/words.j2' as w %}",
        "{% extends 'shared/words.j2' %}",
        "{% macro m() %}x{% endmacro %}",
        "{% call m() %}x{% endcall %}",
        "{% filter upper %}x{% endfilter %}",
        "{% set x %}y{% endset %}",
        "{% for x in word %}{{ loop.previtem }}{% endfor %}",
        "{% if",
        "{{ word",
        "{% endif %}",
    ],
)
def test_what_a_runbook_needs_not_is_refused_at_load(library: Library, body: str):
    assert library.mistake(f"\n{body}\n").startswith("try.md.j2:10: ")


LOOP, END = "{% for it in range(900) %}", "{% endfor %}"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("{% for i in range(10**9) %}x{% endfor %}", "knows no pow"),
        ("{% for i in range(1000000000) %}x{% endfor %}", "Range too big"),
        ("{% for i in range(number) %}x{% endfor %}", "Range too big"),
        (f"{LOOP}{LOOP}{LOOP}{END}{END}{END}", "go round more than"),
        (f"{LOOP}{'x' * 99}{END}", "more than 60000 characters"),
        ("{{ number + word }}", "mistake in line 9"),
    ],
)
def test_a_runbook_that_would_run_away_is_stopped(library: Library, body: str, why: str):
    with pytest.raises((Refusal, AssertionError), match=why):
        library.fill(body, number="999999999", text="a" * 900)


def test_nothing_is_left_of_the_template(library: Library):
    filled = library.fill("{{ word }} {% if region == 'west' %}west{% endif %}{# aside #} {{ '{{ x }}' }}\n")

    assert filled == "db-1  {{ x }}"
