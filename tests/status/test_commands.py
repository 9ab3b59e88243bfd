"""Customers are told nothing before *Publish* is pressed, and everything once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.commands.request import Response, Source
from bot.domain.effects import OpenForm
from bot.domain.incident.milestone import concerns
from bot.domain.incident.state import Phase
from bot.domain.message import Message
from bot.domain.policy import Milestone
from bot.domain.status.effects import CopyPublication
from bot.services.status.public_page import PublicPage, Told
from bot.testing import SpyKit
from tests.support.status import STATUS

SLOW = 'status checkout degraded "Payments are slow."'


@pytest.fixture
def shop(spy: SpyKit, channel: str) -> SpyKit:
    """Spy with a status page, and INC-1 about checkout."""
    spy.adopt(replace(spy.policy, status=STATUS))
    return spy


def said(spy: SpyKit, words: str, channel: str, *, by: str = "U0ANA") -> Message:
    answer = spy.say(words, by=by, channel=channel).message
    assert answer
    return answer


def pressed(spy: SpyKit, label: str, of: Message, channel: str, *, by: str = "U0ANA") -> str:
    """Press a button; return what only this person sees."""
    spy.press(label, of, by=by, channel=channel)
    return spy.private()[-1].text


def labels(message: Message) -> Sequence[str]:
    return [it.label for part in message.parts for it in getattr(part, "buttons", ())]


def told(spy: SpyKit) -> Sequence[Told]:
    with spy.tx() as tx:
        return PublicPage(tx).history().told


def published(spy: SpyKit, words: str, channel: str, *, by: str = "U0ANA") -> None:
    spy.press("Publish", said(spy, words, channel, by=by), by=by, channel=channel)


def document(spy: SpyKit, channel: str) -> str:
    """Return the postmortem as it is now."""
    return said(spy, "postmortem export --dry-run", channel).text


def test_the_postmortem_has_what_customers_read(shop: SpyKit, channel: str):
    before = document(shop, channel)
    published(shop, SLOW, channel)

    assert "What customers read" not in before
    assert (
        "*Checkout* Degraded performance: Payments are slow."
        in document(shop, channel).partition("What customers read")[2]
    )


def test_nobody_is_asked_to_check_a_status_page_that_says_it(shop: SpyKit, channel: str):
    milestone = Milestone(name="status-page", when=(timedelta(seconds=30),), at_stop=True, unless="published")
    incident = shop.incident(1)
    assert concerns(milestone, incident)

    published(shop, SLOW, channel)
    incident = shop.incident(1)
    assert not concerns(milestone, incident)
    assert concerns(milestone, replace(incident, phase=Phase.RESOLVED)), "customers read that it is slow"


# --- from a preview to the world --------------------------------------------------------------------------


def test_nothing_is_public_before_the_press(shop: SpyKit, channel: str):
    preview = said(shop, SLOW, channel)

    assert "Checkout*: Degraded performance · investigating" in preview.text
    assert "```\nPayments are slow.\n```" in preview.text
    assert labels(preview) == ["Publish", "Edit"]
    assert not told(shop)
    assert not shop.asked(CopyPublication)


def test_the_press_publishes_exactly_what_was_previewed(shop: SpyKit, channel: str):
    preview = said(shop, SLOW, channel)
    shop.say("status identified", channel=channel)

    pressed(shop, "Publish", preview, channel)

    [it] = told(shop)
    assert (it.title, it.state, it.stage, it.words) == (
        "Checkout",
        "Degraded performance",
        "investigating",
        "Payments are slow.",
    )
    assert (
        shop.lines(1)[-1]
        == "*Public status* from Ana Lima: *Checkout* Degraded performance: Payments are slow."
    )
    assert "*Public status*: Checkout *Degraded performance*" in shop.message_type("card", 1).text
    assert [it.component for it in shop.asked(CopyPublication)] == ["checkout"]


def test_two_people_who_press_at_once_publish_once(shop: SpyKit, channel: str):
    preview = said(shop, SLOW, channel)

    pressed(shop, "Publish", preview, channel)
    second = pressed(shop, "Publish", preview, channel, by="U0RAJ")

    assert second.startswith("Ana Lima published this already")
    assert len(told(shop)) == 1
    assert len(shop.asked(CopyPublication)) == 1


def test_a_preview_that_a_later_publication_has_overtaken_says_so(shop: SpyKit, channel: str):
    old = said(shop, SLOW, channel)
    published(shop, 'status checkout down "Nobody can pay."', channel)

    answer = shop.press("Publish", old, channel=channel, by="U0RAJ")

    refusal = shop.private()[-1]
    assert answer.message is None
    assert refusal.text.startswith("This preview is old: <@U0ANA> published _Major outage_ for Checkout")
    assert [it.words for it in told(shop)] == ["Nobody can pay."]
    again = shop.press("Look at it again", refusal, channel=channel, by="U0RAJ")
    assert again.message is None
    pressed(shop, "Publish", shop.private()[-1], channel, by="U0RAJ")
    assert [it.words for it in told(shop)] == ["Payments are slow.", "Nobody can pay."]


def test_edit_opens_the_form_with_what_is_in_the_preview(shop: SpyKit, channel: str):
    preview = said(shop, SLOW, channel)

    shop.press("Edit", preview, channel=channel, trigger="t1")

    [form] = shop.asked(OpenForm)
    assert form.command == "status set"
    assert form.facts["said"] == {"component": "checkout", "state": "degraded", "words": "Payments are slow."}
    given = {"component": "checkout", "state": "major_outage", "words": "Nobody can pay."}
    shop.say(form.command, channel=channel, source=Source.FORM, given=given, incident=1)
    pressed(shop, "Publish", shop.private()[-1], channel)
    assert [(it.state, it.words) for it in told(shop)] == [("Major outage", "Nobody can pay.")]


def test_without_a_state_customers_get_an_update_of_what_lasts(shop: SpyKit, channel: str):
    published(shop, SLOW, channel)

    preview = said(shop, "status checkout still slow, we restart a database", channel)

    assert "Degraded performance" in preview.text
    assert "still slow, we restart a database" in preview.text


def test_without_words_a_form_asks_for_them(shop: SpyKit, channel: str):
    shop.say("status checkout partial outage", channel=channel, trigger="t1")

    [form] = shop.asked(OpenForm)
    assert form.facts["said"] == {"component": "checkout", "state": "partial_outage", "words": ""}


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ('status chekout degraded "x"', "There is no component chekout. Did you mean checkout?"),
        ('status checkout degraded "<@U0RAJ> looks"', "This names a person"),
        ('status checkout degraded "see INC-1"', "This names the incident (INC-1)"),
        ("status publish 7", "There is no preview 7."),
    ],
)
def test_what_can_not_be_published_is_refused(shop: SpyKit, channel: str, words: str, answer: str):
    assert said(shop, words, channel).text.startswith(answer)


def test_a_slip_in_a_state_is_asked_about(shop: SpyKit, channel: str):
    for slip, meant in (("degradd", "degraded"), ("downn", "down"), ("partail", "partial")):
        answer = said(shop, f'status checkout {slip} "Payments are slow."', channel)

        assert meant in " ".join(labels(answer))
    assert not told(shop)


def test_without_components_it_says_what_to_set_up(spy: SpyKit, channel: str):
    assert "Add `status:` to config.yaml" in said(spy, "status", channel).text
    assert "see `status:` in config.yaml" in said(spy, SLOW, channel).text


# --- what people see --------------------------------------------------------------------------------------


def test_status_shows_what_the_world_sees_and_who_said_it(shop: SpyKit, channel: str):
    published(shop, SLOW, channel)

    answer = shop.say("status", by="U0RAJ", channel="C0GENERAL")

    assert answer.shared
    assert answer.message
    assert "*Checkout*: Degraded performance since" in answer.message.text
    assert "(INC-1)" in answer.message.text
    assert "Ana Lima" in answer.message.text
    assert "*API*: Operational" in answer.message.text


def test_the_history_is_listed_by_component_and_further_back(shop: SpyKit, channel: str):
    for number in range(12):
        published(shop, f'status checkout degraded "Update {number}."', channel)
    published(shop, 'status api down "No calls."', channel)

    first = said(shop, "status history checkout", channel)
    earlier = shop.press("Earlier", first, channel=channel)

    assert first.text.count("Update ") == 10
    assert "No calls." not in first.text
    assert earlier.message is None
    assert [it in shop.posts(channel)[-1].text for it in ("Update 1.", "Update 0.", "Update 2.")] == [
        True,
        True,
        False,
    ]


def test_a_phase_is_still_set_without_the_word_incident(shop: SpyKit, channel: str):
    shop.say("status mitigated", channel=channel)

    assert shop.incident(1).phase == "mitigated"


# --- whose words they are ---------------------------------------------------------------------------------


@pytest.fixture
def secret(shop: SpyKit) -> str:
    """INC-2, which is private. Its channel."""
    shop.say('incident me "ledger theft" sev1 private')
    shop.create_channel(2, channel="G0SECRET")
    return "G0SECRET"


def test_the_words_of_a_private_incident_are_asked_about_twice(shop: SpyKit, secret: str):
    preview = said(shop, SLOW, secret)

    first = shop.press("Publish", preview, channel=secret)

    asked = shop.private()[-1]
    assert first.message is None
    assert asked.text.startswith("INC-2 is private. These words about Checkout leave the organisation")
    assert not told(shop)
    pressed(shop, "Publish these words", asked, secret)
    assert [it.words for it in told(shop)] == ["Payments are slow."]


def test_outsiders_learn_nothing_of_a_private_incident(shop: SpyKit, secret: str):
    preview = said(shop, SLOW, secret)
    number = preview.text.partition("Preview ")[2].partition(":")[0]
    shop.say(f"status publish {number} anyway", channel=secret)

    outside = [
        said(shop, words, "C0GENERAL", by="U0RAJ").text
        for words in ("status", "status history", f"status publish {number}", f"status edit {number}", SLOW)
    ]

    assert not [it for it in outside if "INC-2" in it or "ledger" in it]
    assert outside[2] == f"There is no preview {number}. `status` shows what customers see now."
    assert said(shop, "status", secret).text.count("INC-2") == 1


def test_what_an_outsider_publishes_of_it_is_still_told_inside(shop: SpyKit, secret: str):
    number = said(shop, SLOW, secret).text.partition("Preview ")[2].partition(":")[0]
    shop.say(f"status publish {number} anyway", channel=secret)

    published(shop, 'status checkout ok "It works again."', "C0GENERAL", by="U0RAJ")

    assert shop.lines(2)[-1].endswith("*Checkout* Operational: It works again.")
    assert not shop.incident(2).unwell_components


def test_nobody_outside_reads_a_name_or_a_number(shop: SpyKit, channel: str):
    published(shop, SLOW, channel)

    with shop.tx() as tx:
        page = PublicPage(tx)
        seen = repr((page.now(), page.history()))

    assert not [it for it in ("U0ANA", "Ana", "INC", "incident=", "checkout is down") if it in seen]


def test_a_drill_is_previewed_and_never_published(shop: SpyKit):
    shop.say('incident me "practice" drill')
    shop.create_channel(2, channel="C0DRILL")

    preview = said(shop, SLOW, "C0DRILL")

    assert labels(preview) == ["Edit"]
    number = preview.text.partition("Preview ")[2].partition(":")[0]
    assert said(shop, f"status publish {number}", "C0DRILL").text.startswith("INC-2 is a drill")
    assert not told(shop)


# --- to the end of the incident ---------------------------------------------------------------------------


def test_an_incident_with_a_red_component_is_not_resolved_without_a_question(shop: SpyKit, channel: str):
    published(shop, SLOW, channel)

    asked = said(shop, 'stop "rolled back"', channel)

    assert asked.text.startswith("Customers still read: Checkout _Degraded performance_ since 12:00 UTC.")
    assert labels(asked) == ["Set Checkout operational", "Resolve anyway"]
    assert shop.incident(1).is_open
    shop.press("Resolve anyway", asked, channel=channel)
    assert shop.incident(1).resolution == "rolled back"


def test_the_resolve_button_asks_before_its_form_opens(shop: SpyKit, channel: str):
    published(shop, SLOW, channel)

    asked = pressed_resolve(shop, channel)

    assert "Customers still read" in shop.private()[-1].text
    assert asked.message is None
    assert not shop.asked(OpenForm)
    shop.press("Set Checkout operational", shop.private()[-1], channel=channel, trigger="t2")
    [form] = shop.asked(OpenForm)
    assert form.facts["said"] == {"component": "checkout", "state": "operational", "words": ""}


def pressed_resolve(spy: SpyKit, channel: str) -> Response:
    return spy.press("Resolve", spy.message_type("card", 1), channel=channel, trigger="t1")


def test_resolve_anyway_from_the_button_still_asks_how(shop: SpyKit, channel: str):
    published(shop, SLOW, channel)
    pressed_resolve(shop, channel)

    shop.press("Resolve anyway", shop.private()[-1], channel=channel, trigger="t2")

    [form] = shop.asked(OpenForm)
    shop.say(form.command, channel=channel, source=Source.FORM, given={"how": "rolled back"}, incident=1)
    assert shop.incident(1).resolution == "rolled back"


def test_once_it_works_for_customers_the_incident_can_end(shop: SpyKit, channel: str):
    published(shop, SLOW, channel)
    published(shop, 'status checkout ok "It works again."', channel)

    assert "Resolve INC-1" in labels(shop.private()[-1])
    shop.say('stop "rolled back"', channel=channel)
    assert not shop.incident(1).is_open


def test_a_false_alarm_with_a_red_component_is_asked_about_too(shop: SpyKit, channel: str):
    published(shop, SLOW, channel)

    assert labels(said(shop, 'incident cancel "nothing broke"', channel))[-1] == "Close anyway"


def test_maintenance_is_not_red(shop: SpyKit, channel: str):
    published(shop, 'status checkout maintenance "We move to another database."', channel)

    shop.say('stop "moved"', channel=channel)

    assert not shop.incident(1).is_open


def test_a_merged_incident_brings_its_components(shop: SpyKit, channel: str):
    published(shop, SLOW, channel)
    shop.say('incident me "cart hangs" sev2', by="U0RAJ")
    shop.create_channel(2, channel="C0OTHER")

    shop.say("incident 1 merge 2", channel=channel)

    assert [it.key for it in shop.incident(2).unwell_components] == ["checkout"]
    published(shop, 'status checkout ok "It works again."', "C0GENERAL")
    assert not shop.incident(2).unwell_components
