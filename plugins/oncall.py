"""On call: who is on call, your shifts, cover, load, and the ledger."""

from datetime import datetime, timedelta
from typing import Annotated

from bot.commands.arguments import PageNumber, Someone, names, number_of
from bot.commands.arguments.months import MONTH as MONTHS
from bot.commands.command import command
from bot.commands.reply import Fill, Reply
from bot.commands.request import Request, Source
from bot.domain.oncall.ledger import COLUMNS, Month, table, tables
from bot.domain.oncall.rest import Span, end_of_day
from bot.domain.oncall.shift import Shift
from bot.domain.policy import Team
from bot.domain.portion import Portion
from bot.domain.refusal import Refusal
from bot.domain.window import Window, spoken
from bot.ports import Calendars
from bot.services.oncall.covers import Covers
from bot.services.oncall.ledgers import Ledgers
from bot.services.oncall.load import MONTH, Loads
from bot.services.oncall.oncall import OnCall
from bot.services.oncall.rest import Rest
from bot.services.oncall.rings import Rings
from bot.services.oncall.shifts import Shifts
from bot.services.paging.paging import Paging
from bot.services.paging.phones import Phones
from bot.services.transaction import Transaction

ShiftNumber = Annotated[int, number_of("a shift", listed_by="oncall me")]
OnCallTeam = Annotated[Team, names.TEAM_OR_WORD]
LedgerMonth = Annotated[Month, MONTHS]
HEADER = ",".join(COLUMNS)
OF_BLOCK = 2_700
"""Characters of a table in one block of code, beside its header: Slack shows 3,000."""
CoverNumber = Annotated[int, number_of("a request for cover")]


@command("oncall [:team] [page <page>]", allow="everyone", reads=True)
def oncall(team: OnCallTeam | None, page: PageNumber | None, *, on_calls: OnCall, tx: Transaction) -> Reply:
    """Show who is on call for one team or all teams, and how old this information is."""
    answer = on_calls.of(team) if team else on_calls.of()
    found = Portion.of(answer.teams, page)
    return Reply("oncall/who", {"answer": answer, "found": found, "now": tx.now}, shared=True)


@command("oncall phone (:team|@person)")
def phone(request: Request, team: OnCallTeam | None, person: Someone | None, *, phones: Phones) -> Reply:
    """Show phone numbers of a team's on-call people, or of one person, to you alone. From the pager, else Slack."""
    if team is None and person is None:
        raise Refusal("Whose number? Name a team (:imoc) or a person (@raj).")
    reaches = phones.of_team(team) if team else phones.of_person(str(person))
    is_looking = request.source is not Source.TERMINAL and phones.look_up(
        reaches,
        asker=request.user,
        to=request.channel or request.user,
        origin=request.id,
        thread=request.thread,
    )
    facts = {"reaches": reaches, "page": None, "is_looking": is_looking, "has_looked": False}
    return Reply("paging/phones", facts, discreet=True)


@command("oncall me [page <page>]", allow="everyone", reads=True)
def mine(request: Request, page: PageNumber | None, *, shifts: Shifts, tx: Transaction) -> Reply:
    """List your shifts of the next weeks, in your own time zone."""
    found = Portion.of(shifts.of(request.user), page)
    return Reply("oncall/me", {"found": found, "now": tx.now})


@command("oncall ready [<shift>]")
def ready(request: Request, shift: ShiftNumber | None, *, shifts: Shifts) -> Reply:
    """Confirm that you are ready for a shift. Without a number: your next one."""
    return Reply("oncall/ready", {"shift": shifts.ready(shift, by=request.user)})


@command("oncall test")
def test(request: Request, *, paging: Paging) -> Reply:
    """Page yourself to test your phone. Two minutes later Spy shows the result."""
    return Reply("oncall/testing", {"page": paging.test(by=request.user)})


# --- cover ------------------------------------------------------------------------------------------------


@command('oncall cover ["when"] [@person]')
def cover(
    request: Request,
    when: str | None,
    person: Someone | None,
    *,
    covers: Covers,
    shifts: Shifts,
    rest: Rest,
    tx: Transaction,
) -> Reply | Fill:
    """Ask your team, or one person, to cover you: `oncall cover tomorrow 18:00-20:00 @raj`, in your time zone."""
    if when:
        asked = covers.request(when, by=request.user, asked=person)
        return Reply("oncall/asked", {"covers": asked})
    mine = shifts.of(request.user)
    if not mine:
        raise Refusal("I found no shifts of yours in the next weeks, so there is nothing to cover.")
    return _cover_form(mine[0], mine[0].end, rest, tx)


@command("oncall find <shift> [today]")
def find(
    request: Request, shift: ShiftNumber, today: bool, *, shifts: Shifts, rest: Rest, tx: Transaction
) -> Fill:
    """Find cover for one of your shifts, in a form with its times and who carried least. `today`: until midnight."""
    mine = shifts.find(shift, by=request.user)
    mine.must_go_on(tx.now)
    end = min(mine.end, end_of_day(max(mine.start, tx.now), mine.zone)) if today else mine.end
    return _cover_form(mine, end, rest, tx)


def _cover_form(shift: Shift, end: datetime, rest: Rest, tx: Transaction) -> Fill:
    window = Window(start=max(shift.start, tx.now), end=end)
    free = rest.least_burdened(shift, Span(start=window.start, end=window.end))
    facts = {"team": shift.team, "when": spoken(window, shift.zone), "zone": shift.zone}
    least = {
        "free": free.person if free else "",
        "pages": free.pages if free else 0,
        "hours": free.on_call // timedelta(hours=1) if free else 0,
    }
    return Fill("oncall/cover", "oncall cover", facts | least)


@command("oncall cover accept <cover> [anyway]")
def accept(request: Request, cover: CoverNumber, anyway: bool, *, covers: Covers) -> Reply:
    """Cover for someone: you are on call for that time. `anyway` if Spy said that you would rest too little."""
    accepted = covers.accept(cover, by=request.user, channel=request.channel, anyway=anyway)
    return Reply("oncall/promised", {"cover": accepted})


@command("oncall cover decline <cover>")
def decline(request: Request, cover: CoverNumber, *, covers: Covers) -> Reply:
    """Say that you can't cover."""
    declined = covers.decline(cover, by=request.user, channel=request.channel)
    return Reply("oncall/declined", {"cover": declined})


@command("oncall cover withdraw <cover>")
def withdraw(request: Request, cover: CoverNumber, *, covers: Covers) -> Reply:
    """Take your request for cover back."""
    return Reply("oncall/withdrawn", {"cover": covers.withdraw(cover, by=request.user)})


# --- load -------------------------------------------------------------------------------------------------


@command("oncall load [page <page>]", reads=True)
def load(page: PageNumber | None, *, loads: Loads, tx: Transaction) -> Reply:
    """Show pages, night pages, hours in command and incidents per person, for 7 and for 30 days."""
    answer = loads.recent()
    facts = {
        "week": Portion.of(answer.week, page),
        "month": Portion.of(answer.month, page),
        "flag": tx.policy.timers.shift_load_flag,
        "answer": answer,
        "since": tx.now - MONTH,
        "now": tx.now,
    }
    return Reply("oncall/load", facts, shared=True)


# --- the ledger -------------------------------------------------------------------------------------------


@command("oncall ledger [<month>] [:team] [csv] [page <page>]", reads=True)
def ledger(
    request: Request,
    month: LedgerMonth | None,
    team: Team | None,
    csv: bool,
    page: PageNumber | None,
    *,
    ledgers: Ledgers,
    calendars: Calendars,
    rings: Rings,
) -> Reply:
    """Show your month on call: hours, nights, weekends, holidays, pages, work. `:team`: its sums. `csv`: each line."""
    found = (
        ledgers.of_team(team, month, calendars, by=request.user, channel=request.channel)
        if team
        else ledgers.of_person(request.user, month, calendars)
    )
    is_for_all = team is not None and request.channel == team.channel
    if csv and request.source is Source.TERMINAL:
        return Reply("oncall/ledger_file", {"csv": f"{HEADER}\n{table(found.lines)}".rstrip()})
    if csv:
        blocks = Portion.of(tables(found.lines, most=OF_BLOCK), page, size=3)
        facts = {"ledger": found, "header": HEADER, "found": blocks}
        return Reply("oncall/ledger_csv", facts, discreet=not (is_for_all and found.people))
    people = Portion.of([*found.people.items()], page)
    facts = {"ledger": found, "people": people, "known": rings.known()}
    return Reply("oncall/ledger", facts, discreet=not is_for_all)
