"""What docs/oncall.md tells people to say is understood, word for word."""

from tests.support.docs import blocks, section
from tests.support.on_call import DAY, NOON, Rota

SAID = [
    line
    for block in blocks(section("docs/oncall.md", "Who is on call, and cover"), "text")
    for line in block.splitlines()
]


def test_what_the_page_tells_people_to_say_is_understood_in_this_order():
    rota = Rota()
    rota.on("ana", NOON - DAY, NOON + 5 * DAY)
    rota.sync()

    answers = {line: rota.spy.say(line, by="U0ANA") for line in SAID}

    assert len(answers) == len(SAID) > 8
    assert [line for line, answer in answers.items() if answer.is_refusal] == []
    with rota.spy.tx() as tx:
        assert [str(tx.session.covers.get(it).state) for it in (1, 2)] == ["withdrawn", "asked"]
