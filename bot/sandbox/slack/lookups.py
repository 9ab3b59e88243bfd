"""auth.*, users.*, usergroups.* and team.info: people, groups and the bot itself."""

from bot.sandbox.slack import shapes
from bot.sandbox.slack.call import Args, Method, SlackError, flat
from bot.sandbox.slack.conversations import page
from bot.sandbox.slack.reach import known_person
from bot.sandbox.slack.state import WorkspaceState
from bot.sandbox.slack.world import BOT_ID, BOT_USER, TEAM_ID, TEAM_URL, Json

READ = flat("users:read")


class Lookups:
    def __init__(self, state: WorkspaceState, scopes: set[str]) -> None:
        self._state = state
        self._scopes = scopes

    def table(self) -> dict[str, Method]:
        return {
            "api.test": Method(run=self.api_test, token="any"),
            "auth.test": Method(run=self.auth_test),
            "team.info": Method(run=self.team, scope=flat("team:read"), tier=3),
            "users.info": Method(run=self.user, scope=READ, tier=4),
            "users.list": Method(run=self.users, scope=READ, tier=2),
            "users.lookupByEmail": Method(run=self.by_email, scope=flat("users:read.email"), tier=3),
            "users.conversations": Method(run=self.channels_of, scope=flat("channels:read"), tier=3),
            "usergroups.list": Method(run=self.groups, scope=flat("usergroups:read"), tier=2),
            "usergroups.users.list": Method(run=self.group, scope=flat("usergroups:read"), tier=2),
            "usergroups.users.update": Method(run=self.update_group, scope=flat("usergroups:write"), tier=2),
        }

    def api_test(self, args: Args) -> Json:
        if args.text("error"):
            raise SlackError(args.text("error"), args=args.values)
        return {"args": {key: value for key, value in args.values.items() if key != "token"}}

    def auth_test(self, _args: Args) -> Json:
        return {
            "url": TEAM_URL,
            "team": "acme",
            "user": "spy",
            "team_id": TEAM_ID,
            "user_id": BOT_USER,
            "bot_id": BOT_ID,
            "is_enterprise_install": False,
        }

    def team(self, _args: Args) -> Json:
        return {"team": shapes.TEAM}

    def user(self, args: Args) -> Json:
        return {"user": self._shape(args.text("user"))}

    def users(self, args: Args) -> Json:
        """List the people. In a large workspace a bot should not need this."""
        return page("members", [self._shape(id_) for id_ in self._state.people], args)

    def by_email(self, args: Args) -> Json:
        email = args.text("email").lower()
        found = [p for p in self._state.people.values() if p.email == email and not p.is_bot]
        if not found:
            raise SlackError("users_not_found")
        return {"user": self._shape(found[0].id)}

    def channels_of(self, args: Args) -> Json:
        user = args.text("user", BOT_USER)
        known_person(self._state, user)
        seen = [
            c
            for c in self._state.channels.values()
            if user in c.members and not c.is_im and (not c.is_private or BOT_USER in c.members)
        ]
        return page("channels", [shapes.channel(c) for c in seen], args)

    def groups(self, _args: Args) -> Json:
        every = self._state.usergroups.items()
        return {"usergroups": [shapes.user_group(id_, handle, users) for id_, (handle, users) in every]}

    def group(self, args: Args) -> Json:
        group = self._state.usergroups.get(args.text("usergroup"))
        if group is None:
            raise SlackError("no_such_subteam")
        return {"users": list(group[1])}

    def update_group(self, args: Args) -> Json:
        """Replace a group's members. Slack lets no group be empty."""
        group = self._state.usergroups.get(args.text("usergroup"))
        if group is None:
            raise SlackError("no_such_subteam")
        users = [it for it in args.text("users").split(",") if it]
        if not users:
            raise SlackError("no_users_provided")
        if any(it not in self._state.people for it in users):
            raise SlackError("invalid_users")
        self._state.usergroups[args.text("usergroup")] = (group[0], users)
        return {"usergroup": shapes.user_group(args.text("usergroup"), group[0], users)}

    def _shape(self, ref: str) -> Json:
        person = known_person(self._state, ref)
        return shapes.person(person, with_email="users:read.email" in self._scopes)
