"""Check Statuspage for `spy check`: the key, the page, and each component."""

from collections.abc import Iterator, Mapping

from bot.adapters.statuspage.client import Statuspage
from bot.ports import CheckResult, Rejected, Throttled, Unreachable


def results(page: Statuspage, components: Mapping[str, str]) -> Iterator[CheckResult]:
    """Yield the results of the checks, made with two requests. A failed one says how to fix it."""
    try:
        title, known = page.title(), page.component_names()
    except Rejected as refused:
        yield CheckResult(what="Statuspage", well=False, cure=_cure(refused))
        return
    except Throttled:
        yield CheckResult(what="Statuspage", well=False, cure="It asks to wait. Check again in a minute.")
        return
    except Unreachable as silent:
        cure = f"{silent}. Is STATUSPAGE_API_URL right, and the network open?"
        yield CheckResult(what="Statuspage", well=False, cure=cure)
        return
    yield CheckResult(what=f"Statuspage: {title}", well=True)
    for name, ident in components.items():
        if ident in known:
            yield CheckResult(what=f"Statuspage: {name} is {known[ident]} there", well=True)
        else:
            listed = ", ".join(f"{title} {it}" for it, title in known.items()) or "none"
            cure = f"Correct statuspage.components.{name}. There are: {listed}."
            yield CheckResult(what=f"Statuspage: there is no component {ident}", well=False, cure=cure)
    if not components:
        cure = "Name the components in statuspage.components: without them nothing is published there."
        yield CheckResult(what="Statuspage: no component", well=False, cure=cure)


def _cure(refused: Rejected) -> str:
    if refused.code == "token":
        return "Statuspage refuses the key. Put a valid one in STATUSPAGE_API_KEY."
    if refused.code == "gone":
        return "Correct statuspage.page in config.yaml, or use a key that may see the page."
    return f"{refused}."
