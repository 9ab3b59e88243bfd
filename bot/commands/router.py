"""From an ask to its answer: find the command, bind its slots, run it in one transaction, remember the answer."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from functools import partial
from typing import Any

from pydantic import TypeAdapter

from bot.commands.ask import VISIBLE, Answer, Ask, Notice, Way
from bot.commands.command import NUMBER, Command, Outcome, Parameter
from bot.commands.grammar import Slot, Typed, Word, match, read
from bot.commands.plugins import Handbook
from bot.commands.reply import Fill, Reply
from bot.domain.effects import Effect, OpenForm, Post, Respond, Say, Show, Whisper, room
from bot.domain.incident import Incident
from bot.domain.message import Message
from bot.domain.policy import Policy
from bot.domain.refusal import Choice, Refusal
from bot.ports import Clock, Runbooks, Templates, UnitOfWork
from bot.services.desk import Desk
from bot.services.incidents import Incidents
from bot.services.people import People
from bot.services.permissions import Permissions
from bot.services.undisturbed import undisturbed

_ANSWER = TypeAdapter(Answer)
SAID_THERE = frozenset({"page", "tell", "failover"})
"""Messages that answer for themselves where they stand."""
INCIDENT, TLDR = (Word(text=text, start=0, end=0) for text in ("incident", "tldr"))
ALIKE = 0.7
"""How much each typed word must resemble the one that is taken to be meant: `stp` is stop, `oncall` is not cancel."""
_ID = re.compile(r"(?:inc-|#)?(\d{1,9})", re.IGNORECASE)


class Router:
    """Does database work only: it is called on the way to an acknowledgement."""

    def __init__(
        self,
        handbook: Handbook,
        *,
        units: UnitOfWork,
        clock: Clock,
        policy: Policy,
        templates: Templates,
        wake: Callable[[], None] = lambda: None,
        runbooks: Runbooks | None = None,
    ) -> None:
        self._handbook = handbook
        self._runbooks = runbooks
        self._units = units
        self._clock = clock
        self._policy = policy
        self._templates = templates
        self._wake = wake

    def adopt(self, policy: Policy) -> None:
        """Go by these decisions from now on."""
        self._policy = policy

    def answer(self, ask: Ask) -> Answer:
        """Act on an ask once; the same one again gets the same answer and nothing more happens."""
        try:
            answer = undisturbed(partial(self._act, ask))
        except Refusal as refusal:
            answer = undisturbed(partial(self._refuse, ask, refusal))
        self._wake()
        return answer

    def notice(self, notice: Notice) -> None:
        """Let the listeners see what happened, once."""
        undisturbed(partial(self._notice, notice))
        self._wake()

    def _notice(self, notice: Notice) -> None:
        with self._units.begin() as work:
            now = self._clock.now()
            if work.inbound.remember(notice.id, at=now) is not None:
                return
            desk = Desk(work=work, now=now, policy=self._policy, source="slack")
            for listener in self._handbook.listeners:
                if type(notice) is listener.notice:
                    listener.run(notice, **self._wired(listener.services, desk))

    # --- acting ---

    def _act(self, ask: Ask) -> Answer:
        with self._units.begin() as work:
            now = self._clock.now()
            earlier = work.inbound.remember(ask.id, at=now)
            if earlier is not None:
                return _ANSWER.validate_json(earlier) if earlier else Answer()
            desk = Desk(work=work, now=now, policy=self._policy, source=ask.way.value)
            People(desk).seen(ask.user, ask.user_name)
            outcome = self._run(ask, desk)
            answer = self._tell(ask, outcome, desk)
            work.inbound.answered(ask.id, _ANSWER.dump_json(answer).decode())
            return answer

    def _run(self, ask: Ask, desk: Desk) -> Outcome:
        typed, number = _without_number(read(ask.text))
        typed = self._spelled_out(typed)
        ask = replace(ask, incident=number if number is not None else ask.incident)
        if ask.given:
            called = self._called(typed)
            said = match(called.pattern, typed, _anything) or {}
            return self._call(called, {**said, **ask.given}, ask, typed, desk)
        candidates, literals = self._candidates(typed), _literals(typed)
        for command in candidates:
            is_meant = command.begins(literals) == candidates[0].begins(literals)
            for accepts in (self._accepts(command, desk), *([_anything] if is_meant else [])):
                bound = match(command.pattern, typed, accepts)
                if bound is not None:
                    return self._call(command, dict(bound), ask, typed, desk)
        if not candidates and self._is_begun(typed):
            return self._run(replace(ask, text=f"help {typed.text}"), desk)
        raise self._not_understood(typed, number)

    def _is_begun(self, typed: Typed) -> bool:
        """Whether what was typed is the beginning of commands: then their help is the answer."""
        said = tuple(word.text.casefold() for word in typed.words)
        prefixes = [prefix for command in self._handbook.commands for prefix in command.prefixes]
        return bool(said) and ("help",) in prefixes and any(it[: len(said)] == said for it in prefixes)

    def _call(self, command: Command, bound: dict[str, str], ask: Ask, typed: Typed, desk: Desk) -> Outcome:
        bound = {name: word for name, word in bound.items() if word.strip()}
        word = bound.pop(NUMBER, None)
        about = command.wants_incident or command.allow == "commander"
        incident = self._incident(_number(word) if word else ask.incident, ask, desk) if about else None
        if incident is None and command.needs_incident:
            raise Incidents(desk).pick(typed.text, asker=ask.user)
        _permit(command, ask, incident, desk)
        arguments: dict[str, Any] = {
            name: _read(slot, bound[name], typed, desk, ask) if bound.get(name) else _absent(slot.type)
            for name, slot in command.slots.items()
        }
        for name, slot in command.slots.items():
            if slot.required and not bound.get(name) and slot.type is not bool:
                raise Refusal(f"The {name} is missing. Usage: `{command.usage}`", slot=name)
        if command.wants_ask:
            arguments["ask"] = ask
        if command.wants_incident:
            arguments["incident"] = incident
        return command.run(**arguments, **self._wired(command.services, desk))

    def _incident(self, number: int | None, ask: Ask, desk: Desk) -> Incident | None:
        incidents = Incidents(desk)
        if number is not None:
            return incidents.find(number, asker=ask.user)
        return incidents.in_room(ask.channel) if ask.channel else None

    def _wired(self, services: Mapping[str, type], desk: Desk) -> dict[str, Any]:
        here: dict[type, Any] = {Handbook: self._handbook, Desk: desk, Runbooks: self._runbooks}
        return {name: here.get(wanted) or wanted(desk) for name, wanted in services.items()}

    # --- finding the command ---

    def _spelled_out(self, typed: Typed) -> Typed:
        """Put the word `incident` before what makes sense with it only, and take it from what makes none with it.

        `tldr` is `incident tldr`; `/incident help` and `/incident page :imoc …` are `help` and `page :imoc …`.
        """
        if self._candidates(typed) or self._is_begun(typed):
            return typed
        spelled = replace(typed, words=(INCIDENT, *typed.words))
        bare = replace(typed, words=typed.words[1:])
        is_about = bool(typed.words) and typed.words[0].text.casefold() == INCIDENT.text
        other = bare if is_about else spelled
        return other if self._candidates(other) else typed

    def _candidates(self, typed: Typed) -> list[Command]:
        """Give the commands whose literal words begin what was typed, longest first."""
        said = _literals(typed)
        counted = [(it.begins(said), it) for it in self._handbook.commands]
        return [command for count, command in sorted(counted, key=lambda it: -it[0]) if count]

    def _called(self, typed: Typed) -> Command:
        for command in self._candidates(typed):
            return command
        raise self._not_understood(typed)

    def _accepts(self, command: Command, desk: Desk) -> Callable[[Slot, Word], bool]:
        def accepts(slot: Slot, word: Word) -> bool:
            if slot.name == NUMBER:
                return bool(_ID.fullmatch(word.text))
            return command.slots[slot.name].reader.looks(word.text, desk)

        return accepts

    def _not_understood(self, typed: Typed, number: int | None = None) -> Refusal:
        for best in self._candidates(typed):
            return Refusal(f"I understood `{best.words}`, but not the rest. Usage: `{best.usage}`")
        if near := self._nearest(typed):
            words, count = near
            meant = " ".join(words)
            said = " ".join(word.text for word in typed.words[:count])
            about = f"inc-{number} " if number is not None else ""
            rest = typed.text[typed.words[count - 1].end :]
            return Refusal(
                f"I don't know `{said}`. Did you mean `{meant}`?",
                choices=(Choice(label=meant, say=f"{about}{meant}{rest}"[:2000]),),
            )
        return Refusal(
            f"I don't know `{_clip(typed.text)}`. `help` shows what I can do."
            if typed.text
            else 'What can I do? `help` shows it; `incident me "what is wrong"` opens an incident.',
            choices=(Choice(label="Help", say="help"),),
        )

    def _nearest(self, typed: Typed) -> tuple[tuple[str, ...], int] | None:
        """Give the command's words that are most like what was typed, and in place of how many words they stand.

        What resembles no word of a command stays what it was: `incident start db down` has lost its `me` only.
        """
        said = tuple(word.text.casefold() for word in typed.words)
        spelled = [prefix for command in self._handbook.commands for prefix in command.prefixes]
        short = [it[1:] for it in spelled if it[0] == INCIDENT.text and len(it) > 1]
        near = [
            (_likeness(said, words[:count]), count - len(words), count, spoken)
            for spoken, words in [
                *((it, it) for it in spelled),
                *(((INCIDENT.text, *it), it) for it in short),
            ]
            for count in {len(words), max(len(words) - 1, 2)}
            if count <= min(len(words), len(said)) and not any(it.quoted for it in typed.words[:count])
        ]
        likeness, _, count, spoken = max(near, key=lambda it: it[:3], default=(0.0, 0, 0, ()))
        return (spoken, count) if likeness >= ALIKE else None

    # --- answering ---

    def _tell(self, ask: Ask, outcome: Outcome, desk: Desk) -> Answer:
        if isinstance(outcome, Fill):
            return self._open(ask, outcome, desk)
        if outcome is None:
            return Answer()
        facts = outcome.facts
        if outcome.paper is not None:
            facts = {
                **facts,
                "paper": self._templates.paper("postmortem", outcome.paper, names=People(desk).name).text,
            }
        message = self._templates.render(outcome.template, facts, names=People(desk).name)
        if _is_discreet(outcome, ask):
            return self._send_discreetly(ask, message, desk)
        if outcome.confirms and ask.way in VISIBLE and _said_there(desk.effects, ask, desk):
            return Answer()
        return self._send(ask, message, desk, shared=outcome.shared)

    def _send(self, ask: Ask, message: Message, desk: Desk, *, shared: bool) -> Answer:
        """Answer in the acknowledgement where the way allows it; where it is visible, in the channel."""
        if ask.way in {Way.SLASH, Way.TERMINAL}:
            return Answer(message=message, shared=shared)
        aloud = ask.way in VISIBLE or (shared and ask.way in {Way.BUTTON, Way.FORM})
        if aloud and ask.channel:
            asker = None if ask.way in VISIBLE else ask.user
            key = f"answer:{ask.id}"
            desk.send(Post(key=key, to=ask.channel, message=message, thread=ask.thread, asker=asker))
            return Answer()
        return self._send_discreetly(ask, message, desk)

    def _send_discreetly(self, ask: Ask, message: Message, desk: Desk) -> Answer:
        """Answer so that the asker alone sees it."""
        key = f"answer:{ask.id}"
        if ask.way in {Way.SLASH, Way.TERMINAL}:
            return Answer(message=message)
        if ask.way is Way.BUTTON and ask.response_url:
            desk.send(Respond(key=key, url=ask.response_url, message=message))
        elif ask.way is Way.DM and ask.channel:
            desk.send(Post(key=key, to=ask.channel, message=message, thread=ask.thread))
        else:
            place = ask.channel or ask.user
            desk.send(Whisper(key=key, to=place, person=ask.user, message=message, thread=ask.thread))
        return Answer()

    def _open(self, ask: Ask, fill: Fill, desk: Desk) -> Answer:
        if ask.way is Way.FORM:
            blank = next((name for name, said in ask.given.items() if not said.strip()), None)
            raise Refusal("A few words are needed here.", slot=blank)
        if ask.trigger:
            desk.send(
                OpenForm(
                    key=f"form:{ask.id}",
                    trigger=ask.trigger,
                    person=ask.user,
                    channel=ask.channel,
                    form=fill.form,
                    command=fill.command,
                    incident=ask.incident,
                    facts=fill.facts,
                )
            )
            return Answer()
        facts = {"command": fill.command, "incident": ask.incident}
        message = self._templates.render("help/form", facts)
        return self._send_discreetly(ask, message, desk)

    def _refuse(self, ask: Ask, refusal: Refusal) -> Answer:
        if ask.way is Way.FORM:
            asked = refusal.slot or ""
            field = asked if asked in ask.given else next(iter(ask.given), "")
            return Answer(complaints={field: refusal.sentence})
        facts = {"sentence": refusal.sentence, "choices": refusal.choices}
        message = self._templates.render("help/refusal", facts)
        with self._units.begin() as work:
            now = self._clock.now()
            if work.inbound.remember(ask.id, at=now) is not None:
                return Answer(message=message) if ask.way is Way.SLASH else Answer()
            desk = Desk(work=work, now=now, policy=self._policy, source=ask.way.value)
            People(desk).seen(ask.user, ask.user_name)  # again: what was refused is undone
            answer = self._send_discreetly(ask, message, desk)
            work.inbound.answered(ask.id, _ANSWER.dump_json(answer).decode())
        return answer


def _without_number(typed: Typed) -> tuple[Typed, int | None]:
    """Read `incident 42 stop` as `incident stop`, about INC-42; `inc-42 stop` too, and `inc-42` as its tldr."""
    words = typed.words
    for at in (0, 1):
        if len(words) > at and (at == 0 or words[0].text.casefold() == "incident"):
            found = _ID.fullmatch(words[at].text)
            if found and (at == 1 or not words[at].text.isdigit()):
                rest = (*words[:at], *words[at + 1 :])
                return replace(typed, words=rest if len(words) > at + 1 else (*rest, TLDR)), int(found[1])
    return typed, None


def _literals(typed: Typed) -> tuple[str, ...]:
    """Give what was typed without quotes, in small letters: where the words of commands are sought."""
    return tuple(word.text.casefold() for word in typed.words if not word.quoted)


def _likeness(said: Sequence[str], meant: Sequence[str]) -> float:
    """Give how much the least alike of the words are alike, from 0 to 1."""
    return min(SequenceMatcher(a=one, b=other).ratio() for one, other in zip(said, meant, strict=False))


def _read(slot: Parameter, word: str, typed: Typed, desk: Desk, ask: Ask) -> Any:
    """Make the slot's value; where another word is offered for it, its button says the whole command again."""
    try:
        return slot.reader.read(word, desk, ask.user)
    except Refusal as refusal:
        again = [choice.label.join(typed.text.rsplit(word, 1)) for choice in refusal.choices]
        raise Refusal(
            refusal.sentence,
            slot=slot.name,
            choices=tuple(
                Choice(label=it.label, say=say) for it, say in zip(refusal.choices, again, strict=True)
            ),
        ) from refusal


def _number(word: str) -> int:
    found = _ID.fullmatch(word)
    if not found:
        raise Refusal(f"{_clip(word)} is no incident's number. `incident list` shows them.")
    return int(found[1])


def _anything(slot: Slot, word: Word) -> bool:
    """Take any word: the slot's reader then says what is wrong with it."""
    del slot, word
    return True


def _permit(command: Command, ask: Ask, incident: Incident | None, desk: Desk) -> None:
    """Refuse who has not the command's role; an incident's commander has that of commander in it."""
    if command.allow == "commander" and incident and incident.commander == ask.user:
        return
    Permissions(desk).require(ask.user, command.allow, f"`{command.words}`")


def _absent(kind: Any) -> Any:
    return False if kind is bool else None


def _is_discreet(reply: Reply, ask: Ask) -> bool:
    """Whether the answer tells of a private incident outside its own channel."""
    told = (reply.facts.get("incident"), *reply.facts.get("incidents", ()))
    return any(isinstance(it, Incident) and it.private and ask.channel != it.room for it in told)


def _said_there(effects: Iterable[Effect], ask: Ask, desk: Desk) -> bool:
    """Whether what happened is itself said where the asker spoke, so that an answer would be an echo."""
    here = desk.work.incidents.in_room(ask.channel) if ask.channel else None
    places = {ask.channel, room(here.number) if here else None}
    return any(
        isinstance(effect, Say) or (isinstance(effect, Show) and effect.surface in SAID_THERE)
        for effect in effects
        if getattr(effect, "to", None) in places
    )


def _clip(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"  # noqa: PLR2004  enough to recognise it
