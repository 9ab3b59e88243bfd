"""Whether an incident may end while customers read that something does not work."""

from bot.domain.incident.incident import Incident
from bot.domain.refusal import Choice, Refusal
from bot.domain.text import quoted

OFFERED = 3
"""For how many components a refusal has a button."""
LONGEST = 1_000
"""How many characters of a person's words a button repeats."""


def must_be_well(incident: Incident, *, ending: str, words: str = "") -> None:
    """Refuse to end an incident with a red component, and offer both ways out.

    `ending` is the command's own word (`stop`, `cancel`), `words` what was said with it.
    """
    red = [it for it in incident.components if it.red]
    if not red or not incident.is_open:
        return
    told = ", ".join(f"{it.title} _{it.state}_ since {it.since:%H:%M} UTC" for it in red)
    again = f"incident {incident.number} {ending}"
    said = f" {quoted(words)}" if words and len(words) <= LONGEST else ""
    raise Refusal(
        f"Customers still read: {told}. Tell them first that it works. Or go on: then {incident.id} ends, "
        "and the status page stays as it is.",
        choices=(
            *(
                Choice(
                    label=f"Set {it.title} operational",
                    say=f"inc-{incident.number} status set {it.key} operational",
                )
                for it in red[:OFFERED]
            ),
            Choice(
                label="Resolve anyway" if ending == "stop" else "Close anyway", say=f"{again}{said} anyway"
            ),
        ),
    )
