"""views.*: each person's stack of modals, and the home tab."""

import secrets

from bot.sandbox.feed import BoxEvent
from bot.sandbox.slack import blocks, shapes
from bot.sandbox.slack.call import Args, Method, SlackError
from bot.sandbox.slack.state import WorkspaceState
from bot.sandbox.slack.triggers import Triggers
from bot.sandbox.slack.world import Json, SlackView

DEEPEST = 3


class Modals:
    def __init__(self, state: WorkspaceState, triggers: Triggers) -> None:
        self.has_home = True
        """Whether the app's Home tab is on."""
        self._state = state
        self._triggers = triggers

    def table(self) -> dict[str, Method]:
        return {
            "views.open": Method(run=self.open, tier=4),
            "views.push": Method(run=self.push, tier=4),
            "views.update": Method(run=self.update, tier=4),
            "views.publish": Method(run=self.publish, tier=4),
        }

    def open(self, args: Args) -> Json:
        body = _checked(args, "modal")
        person = self._triggers.exchange(args.needed("trigger_id", "invalid_arguments"))
        return {"view": shapes.view(self.show(person, body))}

    def push(self, args: Args) -> Json:
        body = _checked(args, "modal")
        person = self._triggers.exchange(args.needed("trigger_id", "invalid_arguments"))
        stack = self.stack(person)
        if not stack:
            raise SlackError("not_found")
        return {"view": shapes.view(self.show(person, body, on=stack[-1]))}

    def update(self, args: Args) -> Json:
        body = _checked(args, "modal")
        view = self._find(args)
        if args.text("hash") and args.text("hash") != view.hash:
            raise SlackError("hash_conflict")
        self.replace(view, body)
        return {"view": shapes.view(view)}

    def publish(self, args: Args) -> Json:
        """Publish a person's home tab. It keeps its id, and has a new hash each time."""
        if not self.has_home:
            raise SlackError("not_enabled")
        body = _checked(args, "home")
        person = self._state.people.get(args.text("user_id"))
        if person is None:
            raise SlackError.explained("invalid_arguments", ["invalid `user_id`"])
        with self._state.change():
            view = self._state.homes.get(person.id)
            if args.text("hash") and (view is None or args.text("hash") != view.hash):
                raise SlackError("hash_conflict")
            if view is None:
                view = self._state.homes[person.id] = self._new(person.id, body)
            view.body, view.hash = body, _hash()
        self._publish("home_published", view)
        return {"view": shapes.view(view)}

    # ---------------------------------------------------------------- used by acknowledgements too

    def stack(self, person: str) -> list[SlackView]:
        """Return the person's open modals, the top one last."""
        with self._state.feed.lock:
            return [view for view in self._state.views.values() if view.person == person]

    def show(self, person: str, body: Json, on: SlackView | None = None) -> SlackView:
        """Show a modal on top of another, or in place of all open ones."""
        with self._state.change():
            if on is None:
                self.clear(person)
            elif len(self.stack(person)) >= DEEPEST:
                raise SlackError("push_limit_reached")
            view = self._new(person, body, on)
            self._state.views[view.id] = view
        self._publish("view_opened", view)
        return view

    def replace(self, view: SlackView, body: Json) -> None:
        with self._state.change():
            view.body, view.hash, view.errors = body, _hash(), {}
        self._publish("view_updated", view)

    def refuse(self, view: SlackView, errors: dict[str, str]) -> None:
        """Show the errors beside the fields."""
        with self._state.change():
            view.errors = errors
        self._publish("view_updated", view)

    def close(self, view: SlackView) -> None:
        with self._state.change():
            self._state.views.pop(view.id, None)
        self._publish("view_closed", view)

    def clear(self, person: str) -> None:
        for view in reversed(self.stack(person)):
            self.close(view)

    def _new(self, person: str, body: Json, on: SlackView | None = None) -> SlackView:
        id_ = self._state.new_id("V")
        root, previous = (on.root, on.id) if on else (id_, None)
        return SlackView(id=id_, person=person, body=body, hash=_hash(), root=root, previous=previous)

    def _find(self, args: Args) -> SlackView:
        if not args.text("view_id") and not args.text("external_id"):
            raise SlackError("invalid_arguments")
        wanted, external = args.text("view_id"), args.text("external_id")
        for view in (*self._state.views.values(), *self._state.homes.values()):
            if view.id == wanted or (external and view.body.get("external_id") == external):
                return view
        raise SlackError("not_found")

    def _publish(self, kind: str, view: SlackView) -> None:
        name = self._state.people[view.person].name
        errors = "".join(f"\n! {error}" for error in view.errors.values())
        text = self._state.reader.view(view) + errors
        self._state.feed.publish(BoxEvent(kind=kind, person=name, ref=view.id, text=text, subject=view))


def _checked(args: Args, kind: str) -> Json:
    return blocks.sound_view(args.json("view", "invalid_arguments"), kind)


def _hash() -> str:
    return secrets.token_hex(8)
