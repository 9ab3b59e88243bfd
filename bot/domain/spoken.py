"""Which columns and fields of stored records hold people's words or names, and which hold what programs compare.

`spy forget` asks here before it changes a text. A field is known by its name; where one name means two things, the
place decides: the table, the kind of a timeline's entry, or the field around it.
"""

from collections.abc import Mapping
from typing import Any

from bot.domain.identity import Holds, PersonIdentity


def _named(fields: str) -> frozenset[str]:
    return frozenset(fields.split())


WORDS = _named(
    """
    acknowledged_by agent answer_by assigned assignee author authors because blast_radius caption cause change
    channel_name columns complaints confirm does fallback impact label labels message mistakes name named note
    noted_by nothing parts resolution rows says sentence shown_as summary text texts title update was what
    who whom why words
    """
)
"""What people typed, and names of people as Slack, the pager or the tracker wrote them."""
CODES = _named(
    """
    about address agent_for approved_by called scope secret webhook
    acknowledged_person action added_by after allow answer args asked asker before_by by category channel
    colour component components hosted level published_by report stage state_title
    channel_refused choices closed_by command_offered_to commander content_hash copied copied_without cursor cycle
    decided_by declared_by declined_by digest done_by edited_by_people email end env equals escalated_to failed
    failing file files first folded_for folder form group hash headers holder host id incident inputs instead_of into
    joined json key kind lane
    last left line_at lock manager mark members merged_into message_type method milestone moved_to n occurrence on
    order outcome owner pager_id params part pattern people person phase phone place plan policy proposed_by ref
    refused_by released_by reminded reminder repository requested_by role roles roots runbook schedule seen_by service
    services severity shown slot snoozed source stages stands state step steps still_broken_for style subject supersedes
    taken_by task team template thread thread_of told told_to told_without trigger trouble ts until updated_by urgency
    usage user visibility watch without written_by zone
    """
)
"""What programs compare: ids, teams, phases, kinds, states, templates, keys, and words of the configuration."""
UNDECIDED = _named(
    """
    actor before command data facts given how kept memory origin original output permalink request say tail to
    url values
    """
)
"""Commands, links, and what holds now this and now that. A field of a plugin's own is treated alike."""
ELSEWHERE: Mapping[tuple[str, str], Holds] = {
    ("failover", "name"): Holds.CODES,
    ("failover", "what"): Holds.UNKNOWN,
    ("failover", "answer"): Holds.WORDS,
    ("incident", "answer"): Holds.WORDS,
    ("step_passed", "answer"): Holds.WORDS,
    ("part_written", "before"): Holds.WORDS,
    ("resolved", "how"): Holds.WORDS,
    ("timeline_edited", "what"): Holds.CODES,
    ("work_period", "words"): Holds.CODES,
    ("request", "text"): Holds.UNKNOWN,
}
"""Fields that hold something else in a table, in entries of a kind, or within another field."""
OF_WORDS = frozenset({"parts", "nothing"})
"""Fields whose values are words under names that the configuration chooses: the sections of a postmortem."""
PLACES = frozenset({"plan", "request"})
"""Fields whose inside has names of its own."""
PLAN_WORDS = "blast_radius"
"""The only words of a plan that people read; all else runs."""


def holds(field: str, *, place: str, within: str = "") -> Holds:
    """Return what a field holds. `place` is its table, or the kind of its entry; `within` the field around it."""
    if place == "plan":
        return Holds.UNKNOWN if field == PLAN_WORDS else Holds.CODES
    if (place, field) in ELSEWHERE:
        return ELSEWHERE[place, field]
    if field in WORDS or within in OF_WORDS:
        return Holds.WORDS
    return Holds.CODES if field in CODES else Holds.UNKNOWN


def place_of(table: str, kind: str) -> str:
    """Return the place of what an entry holds: its kind, and one for all that happens to a failover."""
    return "failover" if "failover" in f"{table} {kind}" else kind or table


def removed(value: Any, identity: PersonIdentity, *, field: str, place: str, within: str = "") -> Any:
    """Return a value without the person; JSON is looked at through and through. Names of fields stay."""
    match value:
        case str():
            return identity.removed(value, holds(field, place=place, within=within))
        case Mapping():
            inside = field if field in PLACES else _template_of(value) or place
            return {
                identity.removed(name, Holds.CODES): removed(
                    it, identity, field=name, place=inside, within=field
                )
                for name, it in value.items()
            }
        case list() | tuple():
            return [removed(it, identity, field=field, place=place) for it in value]
    return value


def _template_of(value: Mapping[str, Any]) -> str:
    """Return the kind of the entry that a message shows: `event/resolved` shows one that is `resolved`."""
    template = value.get("template")
    return place_of("", template.rpartition("/")[2]) if isinstance(template, str) else ""
