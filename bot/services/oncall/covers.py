"""Requests for cover: asked, accepted, entered in the pager, and repeated."""

from collections.abc import Sequence

from bot.domain.effects import UpsertMessage
from bot.domain.oncall.cover import CoverRequest, CoverState, cover_agenda
from bot.domain.oncall.effects import MakeOverride
from bot.domain.oncall.shift import Shift, Turn, overlapping
from bot.domain.refusal import Refusal
from bot.domain.subject import Subject
from bot.domain.timer import Timer
from bot.domain.window import Window, read_window
from bot.services.directory import Directory
from bot.services.home.changes import HomeChanges
from bot.services.oncall.rest import Rest
from bot.services.oncall.shifts import Shifts
from bot.services.oncall.team_people import TeamPeople
from bot.services.permissions import Permissions
from bot.services.reminder_sources import reminds
from bot.services.transaction import Transaction

ASKED_FOR = "asked"
"""The occurrence of the first message of a request. Reminders have occurrences of their own."""


class Covers:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    # --- commands ---

    def request(self, words: str, *, by: str, asked: str | None = None) -> list[CoverRequest]:
        """Ask for cover of one's own shifts in a time that a person typed. Return one request for each schedule."""
        if asked == by:
            raise Refusal("You can't cover for yourself. Ask someone else, or leave the person out.")
        if asked:
            Directory(self._tx).require_assignable(
                asked,
                "cover a shift",
                besides={by},
                again=lambda other: f"oncall cover {words} <@{other}>",
            )
        window = read_window(words, now=self._tx.now, zone=Directory(self._tx).zone(by))
        mine = Shifts(self._tx).of(by)
        shifts = overlapping(mine, window.start, window.end)
        if not shifts:
            raise _not_on_call(mine)
        return [self._ask(shift, window, by=by, asked=asked) for shift in shifts]

    def _ask(self, shift: Shift, window: Window, *, by: str, asked: str | None) -> CoverRequest:
        schedule = shift.turn.schedule
        start, end = max(window.start, shift.start, self._tx.now), min(window.end, shift.end)
        self._session.lock(f"covers:{schedule}")
        for other in self._session.covers.open():
            if (other.by, other.schedule) == (by, schedule) and other.start < end and other.end > start:
                raise Refusal(f"You already asked for cover at that time (request {other.number}).")
        cover = CoverRequest(
            number=self._session.covers.reserve(),
            schedule=schedule,
            team=shift.team,
            by=by,
            asked=asked,
            start=start,
            end=end,
            asked_at=self._tx.now,
        )
        self._keep(cover, because="asked")
        self._show(cover, ASKED_FOR, origin="asked")
        return cover

    def accept(
        self, number: int, *, by: str, channel: str | None = None, anyway: bool = False
    ) -> CoverRequest:
        """Accept a request (*I'll cover*). Both people are notified once the pager has the override.

        `channel` is where the person speaks: everybody in the team's channel belongs to the team. Who would have too
        little rest is told first, unless `anyway`.
        """
        cover = self._locked(number)
        promised = cover.accept(by=by, at=self._tx.now)
        self._must_be_of_team(cover, by, channel)
        if not anyway:
            Rest(self._tx).require(cover, by=by)
        self._keep(promised, because="promised")
        at = int(self._tx.now.timestamp() * 1000)
        self._tx.send(MakeOverride(key=f"override:{number}:{by}:{at}", cover=number))
        return promised

    def decline(self, number: int, *, by: str, channel: str | None = None) -> CoverRequest:
        cover = self._locked(number)
        declined = cover.decline(by=by, at=self._tx.now)
        self._must_be_of_team(cover, by, channel)
        if declined != cover:
            self._keep_declined(declined, by)
        return declined

    def _keep_declined(self, cover: CoverRequest, by: str) -> None:
        self._keep(cover, because=f"declined:{by}")
        if by == cover.asked:
            self._tell(cover, cover.by, origin=f"declined:{by}")

    def withdraw(self, number: int, *, by: str) -> CoverRequest:
        withdrawn = self._locked(number).withdraw(by=by, at=self._tx.now)
        self._keep(withdrawn, because="withdrawn")
        return withdrawn

    def count_out(self, person: str) -> None:
        """Remove a person from requests, because they are no longer available. It counts as declining."""
        for cover in self._session.covers.open():
            if cover.asked == person and cover.state is CoverState.ASKED and cover.end > self._tx.now:
                declined = self._locked(cover.number).decline(by=person, at=self._tx.now)
                self._keep_declined(declined, person)

    def _must_be_of_team(self, cover: CoverRequest, by: str, channel: str | None) -> None:
        """Refuse guests. A request to the whole team is only for its people."""
        Permissions(self._tx).require_member(by, "Covering a shift")
        team = self._tx.policy.team(cover.team)
        if cover.asked is None and not TeamPeople(self._tx).has(team, by, channel=channel):
            raise Refusal(
                f"This is for the people of :{team.key}: those on call for it, and those in <#{team.channel}>. "
                f"If you are one of them, say it in that channel: `oncall cover accept {cover.number}`."
            )

    def _locked(self, number: int) -> CoverRequest:
        self._session.lock(f"cover:{number}")
        cover = self._session.covers.get(number)
        if cover is None:
            raise Refusal(f"There is no request for cover {number}.")
        return cover

    # --- results from the pager ---

    def relieved(self, cover: CoverRequest) -> str | None:
        """Return the pager's id of the person who asked: others may be on call beside them."""
        shifts = self._session.shifts.on(cover.schedule, since=cover.start, until=cover.end)
        mine = [it for it in shifts if it.person == cover.by]
        return next((it.turn.user for it in sorted(mine, key=lambda it: it.gone_at is not None)), None)

    def made_sure(self, number: int, turn: Turn) -> None:
        """Record that the pager has the override, and notify both people."""
        cover = self._locked(number)
        if cover.state is CoverState.PROMISED and cover.taken_by:
            covered = cover.made_sure()
            self._keep(covered, because="covered")
            for person in (covered.by, cover.taken_by):
                self._tell(covered, person, origin="covered")
            Shifts(self._tx).taken_over(turn, team=cover.team, person=cover.taken_by)

    def refused(self, number: int, why: str) -> None:
        """Record that the pager refused the override. Notify both people, and ask for cover again."""
        cover = self._locked(number)
        if cover.state is CoverState.PROMISED and cover.taken_by:
            wanted = cover.refused(why)
            at = int(self._tx.now.timestamp() * 1000)
            self._keep(wanted, because=f"refused:{at}")
            for person in (cover.by, cover.taken_by):
                self._tell(wanted, person, origin=f"refused:{at}")

    def compare(self, schedule: str) -> None:
        """Close requests that the schedule itself has settled, by a manual override or a swap."""
        for cover in self._session.covers.open():
            if cover.schedule == schedule and cover.state is CoverState.ASKED:
                self._compare(cover.number)

    def _compare(self, number: int) -> None:
        cover = self._locked(number)
        shifts = self._session.shifts.on(cover.schedule, since=cover.start, until=cover.end)
        compared = cover.compared_with(it for it in shifts if not it.gone_at)
        if compared != cover:
            self._keep(compared, because="elsewhere")
            self._tell(compared, compared.by, origin="elsewhere")

    # --- storing ---

    def agenda(self, cover: CoverRequest) -> list[Timer]:
        """Return the next reminder; none once the time has come."""
        zone = Directory(self._tx).zone(cover.by)
        timers = cover_agenda(cover, self._tx.policy, zone=zone)
        return timers if self._tx.now < cover.start else []

    def replan(self) -> None:
        """Set the timers of open requests again, after a change of settings."""
        for number in sorted(it.number for it in self._session.covers.open()):
            cover = self._locked(number)
            self._session.timers.replace(cover.subject, self.agenda(cover))

    def say(self, cover: CoverRequest, timer: Timer) -> None:
        """Ask again, unless the only person asked has declined. Also notify the person who needs cover."""
        sent = cover.after_sending(timer, at=self._tx.now)
        self._session.covers.put(sent)
        if not sent.has_declined:
            self._show(sent, str(timer.occurrence), origin="said")
        self._tell(sent, sent.by, origin=f"said:{timer.occurrence}")

    def _keep(self, cover: CoverRequest, *, because: str) -> None:
        """Store the request and its timers, and refresh its messages."""
        self._session.covers.put(cover)
        self._session.timers.replace(cover.subject, self.agenda(cover))
        HomeChanges(self._tx).of_asked(cover.asked)
        if because != "asked":
            reminded = (str(it) for it, told in cover.told.items() if not told.silent)
            for occurrence in (ASKED_FOR, *reminded):
                self._show(cover, occurrence, origin=because)

    def _show(self, cover: CoverRequest, occurrence: str, *, origin: str) -> None:
        to = cover.asked or self._tx.policy.team(cover.team).channel
        self._tx.send(UpsertMessage.about("cover", cover.number, occurrence, to=to, origin=origin))

    def _tell(self, cover: CoverRequest, person: str, *, origin: str) -> None:
        """Send one of the two people a separate message about the state of the request."""
        mark = f":{person}:{origin}"
        key = f"covering:{cover.number}{mark}"
        self._tx.send(UpsertMessage(key=key, message_type="covering", ref=cover.number, mark=mark, to=person))


@reminds("cover")
class CoverReminders:
    """The reminders of requests for cover."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._session = tx.session

    def agenda(self, subject: Subject) -> Sequence[Timer]:
        self._session.lock(str(subject))
        cover = self._session.covers.get(subject.number)
        return Covers(self._tx).agenda(cover) if cover else []

    def send(self, timer: Timer) -> None:
        cover = self._session.covers.get(timer.subject.number)
        if cover:
            Covers(self._tx).say(cover, timer)


def _not_on_call(mine: Sequence[Shift]) -> Refusal:
    if not mine:
        return Refusal("You are not on call then, and I found no other shifts of yours.", slot="when")
    start, end = mine[0].local
    return Refusal(
        f"You are not on call then. Your next shift, for :{mine[0].team}, is from {start:%a %d %b %H:%M} "
        f"to {end:%a %d %b %H:%M} ({mine[0].zone}). `oncall me` lists them all.",
        slot="when",
    )
