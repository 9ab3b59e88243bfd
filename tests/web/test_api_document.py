"""The API keeps to its own document, from which programs in other languages are made. `make fuzz-api` tries longer."""

from bot.web.api.endpoint import ENDPOINTS
from tests.support.api import app_of
from tests.support.api_document import UNLIMITED, Tally, counted, failures_of, spy_to_try
from tests.support.tokens import token_for

EXAMPLES = 2
"""Requests of each kind for each path, beside those that try each part of the document once."""


def test_no_answer_differs_from_the_document():
    spy, tally = spy_to_try(), Tally()
    app = counted(app_of(spy, UNLIMITED), tally)

    assert failures_of(app, token_for(spy), examples=EXAMPLES) == []
    done = {path for _, path, status in tally if status == 200}
    example = {"{number}": "1", "{team}": "all", "{month}": "2026-11"}
    for it in ENDPOINTS:
        path = f"/api{it.path}"
        for name, value in example.items():
            path = path.replace(name, value)
        assert path in done, f"{path} was never answered: {sorted(tally)}"
    assert {status for *_, status in tally} >= {200, 401, 404, 405, 409, 422}
