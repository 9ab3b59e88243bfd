"""`make audit`: look for known weaknesses in what Spy runs with, and say where no advisories can be reached."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

SOURCES = ("pypi", "osv")
"""PyPI's own advisories, and those of osv.dev."""
Ask = Callable[[str, str], str]
"""Returns pip-audit's JSON about a lock, by one source; "" if the source gave none."""


def audit(lock: str, ask: Ask) -> tuple[int, str]:
    """Return the exit code and what to print: 1 if a weakness is known. A source that is away is no failure."""
    away = list[str]()
    for source in SOURCES:
        checked, found, unknown = _read(ask(lock, source))
        if found:
            return 1, "\n".join((f"Known weaknesses in {lock}, by {source}:", *found))
        if checked:
            skipped = f" Not known there: {', '.join(unknown)}." if unknown else ""
            return 0, f"No known weakness in {checked} packages of {lock}, by {source}.{skipped}"
        away.append(source)
    return (
        0,
        f"NOT audited: no advisories can be reached from here ({', '.join(away)}). Run it where they can.",
    )


def _read(answer: str) -> tuple[int, list[str], list[str]]:
    """Return how many packages were checked, each weakness in a line, and the names of those that were not."""
    try:
        packages = json.loads(answer)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return 0, [], []
    unknown = [it["name"] for it in packages if "skip_reason" in it]
    found = [_line(it, weakness) for it in packages for weakness in it.get("vulns", ())]
    return len(packages) - len(unknown), found, unknown


def _line(package: Mapping[str, Any], weakness: Mapping[str, Any]) -> str:
    cure = ", ".join(weakness.get("fix_versions") or ()) or "no version yet"
    return f"  {package['name']} {package['version']}: {weakness['id']}, mended in {cure}"


def pip_audit(lock: str, source: str) -> str:
    command = (sys.executable, "-m", "pip_audit", "--require-hashes", "--disable-pip", "--format", "json")
    options = ("--progress-spinner", "off", "--vulnerability-service", source, "--requirement", lock)
    ran = subprocess.run((*command, *options), capture_output=True, text=True, check=False, timeout=300)
    return ran.stdout


if __name__ == "__main__":
    code, words = audit(sys.argv[1], pip_audit)
    print(words)  # noqa: T201  a command's answer
    sys.exit(code)
