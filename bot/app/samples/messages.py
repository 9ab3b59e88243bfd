"""Sample facts for every message and form, in each state. Spy tests a team's own templates with them."""

from collections.abc import Sequence

from bot.app.samples import changes as sample_changes
from bot.app.samples import channels as sample_channels
from bot.app.samples import events as sample_events
from bot.app.samples import failover as sample_failover
from bot.app.samples import guide as sample_guide
from bot.app.samples import incident as sample_incident
from bot.app.samples import oncall as sample_oncall
from bot.app.samples import paging as sample_paging
from bot.app.samples import postmortems as sample_postmortems
from bot.app.samples import relief as sample_relief
from bot.app.samples import runbooks as sample_runbooks
from bot.app.samples.world import FULL, INCIDENTS, NOON, OVER, PAGES, TYPED, Facts
from bot.domain.refusal import Choice
from bot.domain.reminder import REMINDERS as DECLARED

PARTIALS = {
    "incident/guide_words",
    "oncall/words",
    "relief/others",
    "relief/person",
    "relief/words",
    "changes/words",
    "incident/words",
    "paging/words",
    "shared/words",
    "events/line",
    "incident/state",
    "incident/reminder",
    "incident/update_reminder",
    *sample_postmortems.PARTIALS,
    *sample_failover.PARTIALS,
} | {it.template for it in DECLARED.values()}
"""Parts of other templates, tested with those."""

FAMILY = {"name": "page", "commands": [{"usage": 'page (:team|@person) "message"', "help": "Page.\nMore."}]}

CASES: dict[str, Sequence[Facts]] = (
    sample_failover.facts()
    | sample_changes.facts(INCIDENTS[:2])
    | sample_channels.facts(INCIDENTS[:2], FULL)
    | sample_guide.facts(INCIDENTS, FULL, OVER)
    | sample_postmortems.facts(INCIDENTS, OVER, FULL, PAGES)
    | sample_runbooks.facts(FULL)
    | sample_relief.CASES
    | sample_incident.CASES
    | sample_paging.CASES
    | sample_oncall.CASES
    | sample_events.CASES
    | {
        "shared/unsaid": [
            {"what": "Page 7", "why": "PagerDuty refuses the token."},
            {"what": "A message (warning)", "to": "U0RAJ", "why": "account_inactive"},
        ],
        "shared/stuck": [{"what": "Page 7", "since": NOON}],
        "shared/left": [{"what": "Page 7"}],
        "help/start": [{"wanted": wanted, "families": ("incident", "page")} for wanted in ("", TYPED)],
        "help/commands": [{"families": [FAMILY], "brief": brief} for brief in (True, False)],
        "help/plugins": [{"families": ["page"], "failures": broken} for broken in ((), ("x.py: no",))],
        "shared/configuration": [{"mistakes": ["config.yaml:5: milestones.when: must be a length of time."]}],
        "shared/templates": [
            {"mistakes": ["ours/templates/incident/words.j2:1: it has no due, which incident/card.j2 needs"]}
        ],
        "help/workflow": [{"words": "incident 1 tldr"}, {"words": "x" * 2000}],
        "help/refusal": [{"sentence": TYPED, "choices": (Choice(label="Reopen", say="incident 1 reopen"),)}],
        "help/form": [
            {"command": "incident me", "incident": None},
            {"command": "incident update", "incident": 42, "why": "too late"},
            {"command": "runbook restart-db", "incident": None, "why": "too late"},
        ],
    }
)

FORMS: dict[str, Facts] = (
    sample_runbooks.FORMS
    | sample_postmortems.forms(FULL)
    | sample_oncall.FORMS
    | sample_incident.FORMS
    | sample_paging.FORMS
)
