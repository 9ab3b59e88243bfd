"""Statuspage's answers, good and bad, over HTTP; and what `spy check` makes of them."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta

import pytest

from bot.adapters.statuspage.check import results
from bot.adapters.statuspage.client import Statuspage
from bot.domain.status.component import Level
from bot.ports import Rejected, Throttled, Unreachable
from bot.sandbox.box import Box
from bot.sandbox.faults import Fault, http, rate_limited, reset_before
from bot.sandbox.statuspage.statuspage import PAGE
from tests.contracts.test_hosted_page import SLOW

Opened = Callable[..., Statuspage]


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    with Box() as box:
        yield box


@pytest.fixture
def opened(box: Box) -> Iterator[Opened]:
    pages: list[Statuspage] = []

    def open_page(*, key: str | None = None, page: str = PAGE) -> Statuspage:
        keys = box.environment()
        pages.append(
            Statuspage(
                key or keys["STATUSPAGE_API_KEY"],
                page=page,
                url=keys["STATUSPAGE_API_URL"],
                timeout=timedelta(seconds=5),
                notify=False,
            )
        )
        return pages[-1]

    yield open_page
    box.faults.clear()
    for it in pages:
        it.close()


def test_it_waits_as_long_as_statuspage_asks(box: Box, opened: Opened):
    box.faults.inject("statuspage", "*", rate_limited(7))

    with pytest.raises(Throttled) as throttled:
        opened().open_report(SLOW)

    assert throttled.value.retry_after == timedelta(seconds=7)


def test_420_is_too_often_as_well(box: Box, opened: Opened):
    box.faults.inject("statuspage", "*", http(420))

    with pytest.raises(Throttled):
        opened().find(SLOW)


@pytest.mark.parametrize("fault", [http(503), http(302), reset_before])
def test_no_answer_is_no_refusal(box: Box, opened: Opened, fault: Fault):
    box.faults.inject("statuspage", "*", fault)

    with pytest.raises(Unreachable):
        opened().set_state("c0mpcheckout", Level.DEGRADED)


def test_a_wrong_key_and_a_wrong_page_are_refused(opened: Opened):
    with pytest.raises(Rejected) as key:
        opened(key="wrong").find(SLOW)
    with pytest.raises(Rejected) as page:
        opened(page="nosuchpage").find(SLOW)

    assert (key.value.code, page.value.code) == ("token", "gone")


def test_what_statuspage_says_is_repeated(opened: Opened):
    with pytest.raises(Rejected) as refused:
        opened().set_state("c0mpcheckout", Level.DEGRADED) or opened()._call(  # noqa: SLF001  a body that is wrong
            "POST", "/incidents", {"incident": {"name": ""}}
        )

    assert str(refused.value) == "Statuspage answered 422: Name can't be blank"


def test_subscribers_are_told_only_if_it_is_wanted(box: Box, opened: Opened):
    ident = opened().open_report(SLOW)

    assert [it.delivers for it in box.statuspage.incidents[ident].updates] == [False]


def test_the_check_names_the_page_and_each_component(opened: Opened):
    with closing(opened()) as page:
        found = list(results(page, {"checkout": "c0mpcheckout", "cart": "c0mpcart0000"}))

    assert [(it.what, it.well) for it in found] == [
        ("Statuspage: Acme", True),
        ("Statuspage: checkout is Checkout there", True),
        ("Statuspage: there is no component c0mpcart0000", False),
    ]
    assert found[-1].cure.startswith("Correct statuspage.components.cart. There are: Checkout c0mpcheckout,")


def test_the_check_says_how_to_fix_what_is_wrong(box: Box, opened: Opened):
    cures = [
        next(iter(results(opened(key="wrong"), {}))).cure,
        next(iter(results(opened(page="nosuchpage"), {}))).cure,
        list(results(opened(), {}))[-1].cure,
    ]
    box.faults.down("statuspage")
    cures.append(next(iter(results(opened(), {}))).cure)

    assert [it.partition(".")[0] for it in cures] == [
        "Statuspage refuses the key",
        "Correct statuspage",
        "Name the components in statuspage",
        "Statuspage answered 503",
    ]
