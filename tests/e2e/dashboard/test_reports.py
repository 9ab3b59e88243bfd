"""A report in the browser: chosen, seen, and taken along as a file."""

import re
from pathlib import Path

from playwright.sync_api import expect

from tests.e2e.dashboard.conftest import Dashboard
from tests.support.browser import photograph


def test_a_report_is_chosen_seen_and_taken_along(dashboard: Dashboard):
    number = dashboard.world.declare('me "cards fail" sev1')
    dashboard.world.slash(f'{number} update "looking at the bank"')
    dashboard.world.slash(f'{number} stop "the bank is back"')
    with dashboard.window("kim") as page:
        page.get_by_role("link", name="Reports").click()
        page.get_by_role("button", name="Show").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("all teams, until now")
        expect(page.get_by_role("img", name="Incidents by severity")).to_be_visible()
        expect(page.get_by_role("img")).to_have_count(4)
        expect(page.get_by_role("row", name=re.compile(r"^resolve \d"))).to_be_visible()
        with page.expect_download() as taken:
            page.get_by_role("link", name="Times as CSV").click()
        assert taken.value.suggested_filename.endswith("-times.csv")
        assert (
            Path(taken.value.path())
            .read_text(encoding="utf-8")
            .startswith("time,known,unknown,median_s,p90_s")
        )
        photograph(page, "report")
