"""Sample facts for every message and form, in each state. Spy tests a team's own templates with them.

A message whose facts need no state of their own is not listed: its facts are made from their names (`made.py`).
"""

from collections.abc import Sequence

from bot.adapters.rendering.templates import JinjaTemplates
from bot.app.samples import alert as sample_alert
from bot.app.samples import changes as sample_changes
from bot.app.samples import channels as sample_channels
from bot.app.samples import configuration as sample_configuration
from bot.app.samples import events as sample_events
from bot.app.samples import failover as sample_failover
from bot.app.samples import followers as sample_followers
from bot.app.samples import guide as sample_guide
from bot.app.samples import home as sample_home
from bot.app.samples import incident as sample_incident
from bot.app.samples import merging as sample_merging
from bot.app.samples import oncall as sample_oncall
from bot.app.samples import paging as sample_paging
from bot.app.samples import postmortems as sample_postmortems
from bot.app.samples import proposals as sample_proposals
from bot.app.samples import relief as sample_relief
from bot.app.samples import reports as sample_reports
from bot.app.samples import runbooks as sample_runbooks
from bot.app.samples import status as sample_status
from bot.app.samples import tokens as sample_tokens
from bot.app.samples import webhooks as sample_webhooks
from bot.app.samples.made import facts_for
from bot.app.samples.world import FULL, INCIDENTS, NOON, NOW, OVER, PAGES, TYPED, Facts
from bot.domain.permission import MEANING
from bot.domain.refusal import Choice
from bot.domain.reminder import REMINDERS
from bot.services.permissions import Holders

FAMILY = {"name": "page", "commands": [{"usage": 'page (:team|@person) "message"', "help": "Page.\nMore."}]}

LINES = (
    {"usage": 'page (:team|@person) "message"', "role": "member", "unless": ""},
    {"usage": "failover abort [<run>]", "role": "operator", "unless": "the plan names another role"},
)
ROLES = {"member": None, "operator": Holders(people=("U0ANA", "U0RAJ"), groups=())}
CLASH = "ours/coffee.py:9: `page` is a command already, in plugins/page.py:31. Give this one other words."
_PLUGIN: Facts = {
    "name": "ours/coffee",
    "commands": ['coffee @person ["wish"]'],
    "since": None,
    "why": "",
    "failing": {},
}
QUARANTINED = {
    "name": "coffee",
    "source": "/srv/spy/ours/coffee.py",
    "why": "it failed 10 times in a row, at last with ValueError at ours/coffee.py:12",
    "since": NOON,
}
PLUGINS = (
    _PLUGIN,
    {**_PLUGIN, "failing": {"coffee": 3, "greet()": 1}},
    {**_PLUGIN, **QUARANTINED},
    {**_PLUGIN, "commands": []},
)
_LISTED: dict[str, Sequence[Facts]] = (
    sample_failover.facts()
    | sample_alert.facts(INCIDENTS[:2])
    | sample_changes.facts(INCIDENTS[:2])
    | sample_channels.facts(INCIDENTS[:2], FULL)
    | sample_guide.facts(INCIDENTS, FULL, OVER)
    | sample_postmortems.facts(INCIDENTS, OVER, FULL, PAGES)
    | sample_proposals.facts(INCIDENTS[:2])
    | sample_runbooks.facts(FULL)
    | sample_status.facts(INCIDENTS[:2])
    | sample_relief.CASES
    | sample_incident.CASES
    | sample_merging.CASES
    | sample_followers.CASES
    | sample_paging.CASES
    | sample_oncall.CASES
    | sample_home.CASES
    | sample_events.CASES
    | sample_configuration.CASES
    | sample_reports.CASES
    | sample_tokens.CASES
    | sample_webhooks.CASES
    | {
        "shared/unsaid": [
            {"what": "Page 7", "why": "PagerDuty refuses the token."},
            {"what": "A message (warning)", "to": "U0RAJ", "why": "account_inactive"},
        ],
        "help/start": [{"wanted": wanted, "families": ("incident", "page")} for wanted in ("", TYPED)],
        "help/commands": [{"families": [FAMILY], "brief": brief} for brief in (True, False)],
        "help/plugins": [
            {"families": ["page"], "own": own, "left_out": left_out, "failures": why}
            for own in ((), PLUGINS)
            for left_out, why in ((0, ()), (1, ()), (1, ("x.py: no",)))
        ],
        "help/plugin_quarantined": [{**QUARANTINED, "commands": some} for some in (("coffee",), ())],
        "help/plugins_reloaded": [
            {"plugins": some, "mistakes": wrong}
            for some in (("ours/coffee",), ())
            for wrong in ((), (CLASH,))
        ],
        "help/plugin_enabled": [{"name": "coffee", "by": who} for who in ("U0ANA", None)],
        "shared/plugins_left_out": [{"mistakes": [CLASH]}],
        "shared/plugins_refused": [{"mistakes": [CLASH], "loaded_at": NOON}],
        "shared/runbooks": [{"mistakes": ["ours/restart-db.md.j2:3: {{ hots }} is no parameter."]}],
        "shared/runbooks_again": [{"why": CLASH, "since": NOON}],
        "shared/plugins_again": [{"why": CLASH, "since": NOON}],
        "shared/templates": [
            {"mistakes": ["ours/templates/incident/words.j2:1: it has no due, which incident/card.j2 needs"]}
        ],
        "help/workflow": [{"words": "incident 1 tldr"}, {"words": "x" * 2000}],
        "help/refusal": [{"sentence": TYPED, "choices": (Choice(label="Reopen", say="incident 1 reopen"),)}],
        "help/not_run": [{"words": TYPED, "why": "Slack took more than a minute to say who you are"}],
        "help/ask": [
            {"asker": "U0ZOE", "memory": {"key": "x"}, "by": by, "at": NOW if by else None, **it}
            for it in (
                {"words": "failover abort 3", "asked": ["U0ANA", "U0RAJ"], "role": "operator"},
                {"words": "incident 1 resolve", "asked": [], "role": "member"},
            )
            for by in (None, "U0ANA")
        ],
        "help/asked": [{"asked": ["U0ANA", "U0RAJ"]}, {"asked": []}],
        "help/who_may": [{"lines": LINES, "roles": ROLES, "meaning": MEANING}],
        "help/form": [
            {"command": "incident me", "incident": None},
            {"command": "incident update", "incident": 42, "why": "too late"},
            {"command": "runbook restart-db", "incident": None, "why": "too late"},
            {"command": "status set", "incident": 42, "said": {"component": "api", "state": None}},
        ],
    }
)


def cases(templates: JinjaTemplates) -> dict[str, Sequence[Facts]]:
    """Return the sample facts of every message. One that lists none gets some by the names of what it uses."""
    listed = _LISTED.keys() | {it.template for it in REMINDERS.values()}
    names = sorted(templates.loader.messages() - listed)
    needed = {it: templates.loader.facts_needed(f"{it}.j2", templates.environment) for it in names}
    return _LISTED | {name: facts_for(facts) for name, facts in needed.items()}


FORMS: dict[str, Facts] = (
    sample_runbooks.FORMS
    | sample_postmortems.forms(FULL)
    | sample_status.forms(FULL)
    | sample_oncall.FORMS
    | sample_incident.FORMS
    | sample_paging.FORMS
)
