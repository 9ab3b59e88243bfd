"""A document that Spy and people write together: nothing that a person wrote is ever lost."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.postmortem.document import (
    LIMIT,
    Document,
    DocumentSection,
    body,
    emptied,
    is_edited_page,
    page_number,
    pages,
)

MARK = "postmortem:42-1764"


def document(
    *, facts: str = "facts", lessons: str = "lessons", log: tuple[str, ...] = ("- one",)
) -> Document:
    sections = (
        DocumentSection(key="facts", text=f"## Facts\n\n{facts}"),
        DocumentSection(key="lessons", text=f"## Lessons\n\n{lessons}"),
    )
    return Document(title="INC-42", sections=sections, log=log)


def test_what_nobody_touched_is_renewed():
    before = body(document(), MARK).text

    after = body(document(facts="newer facts"), MARK, before=before)

    assert "newer facts" in after.text
    assert after.edited_by_people == ()
    assert body(document(facts="newer facts"), MARK, before=after.text).text == after.text


def test_a_section_that_a_person_edited_is_theirs():
    before = body(document(), MARK).text.replace("lessons\n", "lessons, and more\n")

    after = body(document(facts="newer", lessons="other"), MARK, before=before)

    assert "lessons, and more" in after.text
    assert "other" not in after.text
    assert "newer" in after.text
    assert after.edited_by_people == ("lessons",)


def test_words_around_the_sections_stay():
    before = f"Before.\n\n{body(document(), MARK).text}\nAfter.\n"

    after = body(document(facts="newer"), MARK, before=before).text

    assert after.startswith("Before.")
    assert after.rstrip().endswith("After.")
    assert "newer" in after


def test_a_section_that_a_person_deleted_does_not_come_back():
    text = body(document(), MARK).text
    start, end = text.index("<!-- spy:section lessons"), text.index("<!-- spy:end lessons -->")
    before = text[:start] + text[end + len("<!-- spy:end lessons -->") :]

    after = body(document(lessons="other"), MARK, before=before)

    assert "other" not in after.text
    assert "lessons" in after.edited_by_people


def test_a_section_that_is_new_is_added():
    before = body(document(), MARK).text
    more = Document(
        title="",
        sections=(*document().sections, DocumentSection(key="extra", text="## Extra")),
        log=("- one",),
    )

    assert "## Extra" in body(more, MARK, before=before).text


def test_a_body_that_was_replaced_is_left_alone():
    after = body(document(), MARK, before="We wrote it anew.")

    assert after.text == "We wrote it anew."
    assert after.edited_by_people == ("facts", "lessons", "log")


def test_a_mark_that_was_broken_gives_the_section_away():
    before = body(document(), MARK).text.replace("<!-- spy:end lessons -->", "")

    after = body(document(lessons="other"), MARK, before=before)

    assert "other" not in after.text
    assert "lessons" in after.edited_by_people


def test_line_ends_and_ticks_are_no_edits():
    tasks = document(lessons="- [ ] one\n- [ ] two")
    before = body(tasks, MARK).text.replace("- [ ] two", "- [x] two").replace("\n", "\r\n")

    after = body(document(facts="newer", lessons="- [ ] one\n- [ ] two\n- [ ] three"), MARK, before=before)

    assert after.edited_by_people == ()
    assert "- [ ] one\n- [x] two\n- [ ] three" in after.text


@given(st.text(alphabet=st.characters(exclude_characters="\r"), max_size=40))
@example("\ud800")  # half of a pair, as JSON may hold it
def test_whatever_a_person_writes_into_a_section_stays(words: str):
    before = body(document(), MARK).text.replace("lessons\n<!--", f"lessons {words}\n<!--")

    after = body(document(facts="newer", lessons="other"), MARK, before=before).text

    assert f"lessons {words}".rstrip() in after or words.strip() == ""


def test_a_log_that_does_not_fit_moves_out():
    long = tuple(f"- entry {number} {'x' * 200}" for number in range(5_000))

    written = body(document(log=long), MARK)
    comments = pages(long)

    assert written.overflows
    assert len(written.text) <= LIMIT
    assert "see the comments below" in written.text
    assert all(len(it) <= LIMIT for it in comments)
    assert [page_number(it) for it in comments] == list(range(1, len(comments) + 1))
    assert sum(it.count("- entry ") for it in comments) == 5_000


def test_what_is_still_too_long_is_cut_at_its_longest():
    written = body(document(facts="word\n" * 20_000), MARK)

    assert len(written.text) <= LIMIT
    assert "Cut here" in written.text
    assert "## Lessons" in written.text


def test_where_people_filled_the_issue_spy_says_so():
    before = body(document(), MARK).text + "x" * (LIMIT - 300)

    with pytest.raises(ValueError, match="no room"):
        body(document(lessons="longer " * 50), MARK, before=before)


def test_a_comment_with_the_log_knows_whether_it_was_edited():
    [text] = pages(["- one"])

    assert not is_edited_page(text.replace("\n", "\r\n"))
    assert is_edited_page(text + "mine")
    assert page_number(emptied(3)) == 3
    assert page_number("just a comment") is None
