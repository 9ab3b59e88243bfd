"""Everything that is configured, from the file and the environment, and what follows from it."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import InstanceOf

from bot.config.environment import Environment
from bot.config.file import version_of
from bot.config.sections import MilestoneSection, Sections, SeveritySection, TeamSection
from bot.config.values import INSTALLED, NEVER, ConfigSection
from bot.config.vendors import Access, HostedPageVendor, PagerVendor, TrackerVendor, Vendor, Vendors
from bot.config.webhooks import variable_of
from bot.domain.incident.role import nearest, plain
from bot.domain.policy import (
    Account,
    DashboardSettings,
    MailSettings,
    Milestone,
    OnCallSettings,
    Policy,
    PostmortemSettings,
    ResolutionSettings,
    Severity,
    Team,
    Timers,
)
from bot.domain.retention import Retention
from bot.domain.status.component import StatusSettings
from bot.domain.web_key import is_safe
from bot.ports import USUAL_PAGER, USUAL_TRACKER, CheckResult


class Settings(Sections):
    """The sections of config.yaml, named as their keys, and the environment."""

    env: Environment
    path: Path | None
    """The file; None if nothing is configured."""
    text: str
    """What the file held."""
    vendors: InstanceOf[Vendors]
    of_vendors: Mapping[str, ConfigSection]
    """The vendors' sections that are there, by key."""

    @classmethod
    def joining(
        cls, sections: Sections, env: Environment, vendors: Vendors, *, path: Path | None, text: str
    ) -> Self:
        """Combine parts that are already validated."""
        found = {it.key: getattr(sections, it.key, None) for it in vendors.all}
        of_vendors = {key: section for key, section in found.items() if section}
        return cls.model_construct(
            **dict(sections), env=env, path=path, text=text, vendors=vendors, of_vendors=of_vendors
        )

    @property
    def version(self) -> str:
        """Return the version of the file: the hash of its text."""
        return version_of(self.text)

    @property
    def pager(self) -> PagerVendor[Any] | None:
        """Return the pager that has a section."""
        return next((it for it in self.vendors.pagers if it.key in self.of_vendors), None)

    @property
    def tracker(self) -> TrackerVendor[Any] | None:
        """Return the tracker that has a section."""
        return next((it for it in self.vendors.trackers if it.key in self.of_vendors), None)

    @property
    def hosted_page(self) -> HostedPageVendor[Any] | None:
        """Return the hosted status page that has a section."""
        return next((it for it in self.vendors.hosted_pages if it.key in self.of_vendors), None)

    @property
    def pager_name(self) -> str:
        return self.pager.name if self.pager else USUAL_PAGER

    @property
    def tracker_name(self) -> str:
        return self.tracker.name if self.tracker else USUAL_TRACKER

    @property
    def heartbeat(self) -> str:
        """Return the address of the dead man's switch, "" if there is none. The environment comes first."""
        return self.env.heartbeat_url.get_secret_value() or self.heartbeat_url or ""

    def access(self, vendor: Vendor[Any]) -> Access[Any] | None:
        """Return what is needed to reach a vendor; None without its section or its token."""
        section, token = self.of_vendors.get(vendor.key), self.env.secret(vendor.variable)
        if section is None or not token:
            return None
        return Access(section=section, token=token, url=self.env.url_of(vendor))

    @property
    def plugin_folders(self) -> tuple[Path, ...]:
        """Return Spy's own plugins, then those of `plugins:`."""
        return tuple(dict.fromkeys((INSTALLED / "plugins", *self.plugins)))

    @property
    def template_folders(self) -> tuple[Path, ...]:
        """Return the folders of `templates:`, then Spy's own. The first folder with a template provides it."""
        return tuple(dict.fromkeys((*self.templates, INSTALLED / "templates")))

    @property
    def runbook_folders(self) -> tuple[Path, ...]:
        """Return the folders of `runbooks:`, then templates/runbooks. The first folder with a runbook provides it."""
        beside = (folder / "runbooks" for folder in self.template_folders)
        return tuple(dict.fromkeys((*self.runbooks, *beside)))

    def policy(self) -> Policy:
        """Return the policy in the domain's terms."""
        return Policy(
            teams={key: self._team(key, section) for key, section in self.teams.items()},
            severities={key: _severity(key, section) for key, section in self.severities.items()},
            command_team=self.command_team,
            announce=self.slack.announce,
            permissions=self.permissions.people,
            command_roles=self.permissions.commands,
            timers=Timers(**dict(self.timers)),
            limits=self.limits.limits(),
            milestones=tuple(_milestone(it) for it in self.milestones),
            services={key: it.service(key, self._at_pager(it) or ()) for key, it in self.services.items()},
            plans={name: section.plan(name) for name, section in self.failover.items()},
            relieves={name: section.relieves for name, section in self.failover.items() if section.relieves},
            postmortem_settings=self._postmortem_settings(),
            retention=Retention(**dict(self.retention)),
            resolution=ResolutionSettings(**dict(self.resolution)),
            on_call=OnCallSettings(**dict(self.oncall)),
            status=self._status_settings(),
            dashboard=DashboardSettings(address=self.web.public_url, session=self.web.session),
            mail=MailSettings(domains=self.mail.domains) if self.mail else None,
            webhooks={name: it.webhook(name) for name, it in self.webhooks.items()},
            people={
                person: Account(pager_id=self._at_pager(it), email=it.email)
                for person, it in self.people.items()
                if self._at_pager(it) or it.email
            },
            by_hand=self.by_hand or "",
            pager_page=self.pager.page if self.pager else "",
            pager_name=self.pager_name,
            tracker_name=self.tracker_name,
            roles=tuple(dict.fromkeys((*self.roles, *self._spoken_to()))),
        )

    def _status_settings(self) -> StatusSettings:
        host = self.hosted_page
        return self.status.settings(
            hosted=host.components(self.of_vendors[host.key]) if host else {},
            hosted_name=host.name if host else "",
            hosted_url=host.page if host else "",
            url=f"{self.web.public_url.rstrip('/')}/status" if self.web.public_url else "",
        )

    def _spoken_to(self) -> Iterator[str]:
        """Return the roles that milestones address. They exist even if `roles` does not list them."""
        people = (plain(it.to) for it in self.milestones if not it.to.startswith(":"))
        return (it for it in people if it not in {"commander", "channel"})

    def _misspelt_roles(self) -> Iterator[CheckResult]:
        for role in self._spoken_to():
            close = nearest(role, self.roles)
            if close and role not in self.roles:
                cure = f"Did you mean {close}? Else add {role} to `roles`."
                yield CheckResult(
                    what=f"Milestones: one speaks to the role {role}, which is not in roles",
                    well=False,
                    cure=cure,
                )

    def _team(self, key: str, section: TeamSection) -> Team:
        ids = self._at_pager(section)
        return Team(
            key=key,
            channel=section.channel,
            service=ids.service if ids else None,
            escalation_policy=ids.escalation_policy if ids else None,
            schedule=ids.schedule if ids else None,
            manager=section.manager,
            oncall_group=section.oncall_group,
            zone=section.zone,
            digest=section.digest,
        )

    def _at_pager(self, section: ConfigSection) -> Any:
        """Return what a team, a person or a service has at the pager in use, else at any pager."""
        pagers = sorted(self.vendors.pagers, key=lambda it: it != self.pager)
        return next(filter(None, (getattr(section, it.key, None) for it in pagers)), None)

    def _postmortem_settings(self) -> PostmortemSettings:
        tracker = self.tracker
        if tracker is None:
            return PostmortemSettings(logins=self._logins(self.vendors.trackers))
        section: Any = self.of_vendors[tracker.key]
        usual = PostmortemSettings()
        return PostmortemSettings(
            repository=section.repository,
            private_repository=section.private_repository,
            milestone=section.milestone,
            sub_issues=section.sub_issues,
            copy_to=section.copy_to.repository if section.copy_to else None,
            copy_folder=section.copy_to.folder if section.copy_to else usual.copy_folder,
            logins=self._logins((tracker,)),
        )

    def _logins(self, trackers: Iterable[TrackerVendor[Any]]) -> Mapping[str, str]:
        """Return people's logins, by Slack id."""
        return {
            person: login
            for it in trackers
            for person, section in self.people.items()
            if (login := getattr(section, it.key, None))
        }

    def missing(self) -> tuple[str, ...]:
        """Return the missing variables that `spy run` needs, one line each, with where to find them."""
        return tuple(self._missing())

    def results(self) -> Iterator[CheckResult]:
        """Return what `spy check` can report without asking anybody."""
        yield CheckResult(what=f"Configuration: {self.path or 'none'}", well=True)
        for line in self.missing():
            yield CheckResult(what=line, well=False)
        paged = sorted({team for severity in self.severities.values() for team in severity.page})
        pager = self.pager or next(iter(self.vendors.pagers), None)
        for team in paged:
            if pager and not self._at_pager(self.teams[team]):
                cure = f"Give teams.{team} a section `{pager.key}: {{service: …, escalation_policy: …}}`."
                yield CheckResult(
                    what=f"Team {team}: is to be paged and has no service", well=False, cure=cure
                )
        if not self.slack.announce:
            cure = "Name the channel's id in slack.announce."
            yield CheckResult(what="Announcements: no channel hears of a new incident", well=False, cure=cure)
        if self.slack.mode == "http" and not self.web.public_url:
            cure = "Give web.public_url, for the app manifest."
            yield CheckResult(
                what="Slack: mode is http, and no address for it to call", well=False, cure=cure
            )

        yield from self._misspelt_roles()
        yield from self._tracker_token()
        yield from self._hosted_page_token()
        yield from self._webhooks()
        yield from self._blank()
        yield self._dashboard()
        yield self._heartbeat()
        yield self._sources_of_changes()
        yield self._sources_of_alerts()

    def _tracker_token(self) -> Iterator[CheckResult]:
        if (tracker := self.tracker) and not self.env.secret(tracker.variable):
            what = f"{self._no_token(tracker)} Without it no postmortem and no follow-up becomes an issue."
            yield CheckResult(what=what, well=False)

    def _hosted_page_token(self) -> Iterator[CheckResult]:
        if (host := self.hosted_page) and not self.env.secret(host.variable):
            what = f"{self._no_token(host)} Without it nothing that you publish gets to {host.name}."
            yield CheckResult(what=what, well=False)

    def _webhooks(self) -> Iterator[CheckResult]:
        """Report what Spy learns late, or never, without a webhook. It fails if Spy has a public address."""
        for vendor, lost in (
            (self.pager, "asks it every 30 s instead"),
            (self.tracker, "does not hear of issues that are closed there"),
        ):
            if vendor and not self.env.secret(vendor.webhook_variable):
                variable = vendor.webhook_variable
                cure = f"Set the webhook up (docs/running.md), with its secret in {variable}."
                what = f"{vendor.name} webhook: {variable} is {self._lack(variable)}, so Spy {lost}"
                yield CheckResult(what=what, well=not self.web.public_url, cure=cure)

    def _dashboard(self) -> CheckResult:
        """Report where the dashboard is. A session must not travel where others can read it."""
        address = self.web.public_url
        if address is None:
            return CheckResult(what="Dashboard: web.public_url gives it an address; there is none", well=True)
        if not is_safe(address):
            cure = "Put Spy behind https, and set web.public_url to that address."
            return CheckResult(
                what=f"Dashboard: nobody can sign in at {address}: it is not https", well=False, cure=cure
            )
        if urlsplit(address).path.strip("/"):
            cure = "Give Spy a host name of its own, and set web.public_url without a path."
            what = f"Dashboard: its pages begin at /, so nobody finds them at {address}"
            return CheckResult(what=what, well=False, cure=cure)
        return CheckResult(what=f"Dashboard: {address}; `/spy web` in Slack signs in", well=True)

    def _blank(self) -> Iterator[CheckResult]:
        """Report each variable that is set but empty, unless another line does."""
        reported = "\n".join(
            (
                *self.missing(),
                *(it.what for it in (*self._tracker_token(), *self._hosted_page_token(), *self._webhooks())),
            )
        )
        for variable in sorted(self.env.blank):
            if variable not in reported:
                yield CheckResult(
                    what=f"environment: {variable} is empty, which counts as not set",
                    well=False,
                    cure="Give it a value, or unset it.",
                )

    def _lack(self, variable: str) -> str:
        return "empty" if variable in self.env.blank else "missing"

    def _absent(self, variable: str, where: str, *, because: str = "") -> str:
        reason = f" ({because})" if because else ""
        return f"environment: {variable} is {self._lack(variable)}{reason}. Find it at {where}."

    def _no_token(self, vendor: Vendor[Any]) -> str:
        return self._absent(vendor.variable, vendor.found_at, because=f"there is a {vendor.key} section")

    def _heartbeat(self) -> CheckResult:
        """Report who raises an alarm when Spy falls silent. The address may be a secret: only its host is shown."""
        if self.heartbeat:
            host = urlsplit(self.heartbeat).hostname
            return CheckResult(
                what=f"Heartbeat: {host} is called each minute while Spy works in time", well=True
            )
        note = "Set HEARTBEAT_URL to the address of a dead man's switch (docs/running.md)."
        return CheckResult(what="Heartbeat: nobody hears it if Spy falls silent", well=True, notes=(note,))

    def _sources_of_changes(self) -> CheckResult:
        """Report who sends changes. A repository without a sender is useless in the file."""
        sources = [it.name for it in self.vendors.trackers if self.env.secret(it.webhook_variable)]
        is_deaf = not sources and any(it.repositories for it in self.services.values())
        if self.env.changes_webhook_secret:
            sources.append("your tools")
        if self.pager and self.access(self.pager):
            sources.append(self.pager.name)
        what = f"Changes come from: {', '.join([*sources, 'people'])}"
        tracker = self.tracker or next((it for it in self.vendors.trackers if it.is_usual), None)
        if is_deaf and tracker:
            cure = (
                f"Set up {tracker.name}'s webhook (docs/changes.md), with its secret in "
                f"{tracker.webhook_variable}: nobody tells of the repositories in services."
            )
            return CheckResult(what=what, well=False, cure=cure)
        return CheckResult(what=what, well=True)

    def _sources_of_alerts(self) -> CheckResult:
        """Report who sends alerts, and who may. Without the pager and a secret, nobody does."""
        sources = [self.pager.name] if self.pager and self.access(self.pager) else []
        given = (
            ("Alertmanager", self.env.alertmanager_webhook_token),
            ("Grafana", self.env.grafana_webhook_secret),
            ("your tools", self.env.alerts_webhook_secret),
        )
        sources += [name for name, secret in given if secret]
        wants = [key for key, it in self.services.items() if "always" in it.declare.values()]
        if wants and not sources:
            cure = f"Set up a source (docs/alerts.md): nobody tells of alerts of {', '.join(wants)}."
            return CheckResult(what="Alerts come from: nobody", well=False, cure=cure)
        return CheckResult(what=f"Alerts come from: {', '.join(sources) or 'nobody'}", well=True)

    def _missing(self) -> Iterator[str]:
        slack = "api.slack.com/apps, your app"
        if not self.env.slack_bot_token:
            yield self._absent(
                "SLACK_BOT_TOKEN", f"{slack}, OAuth & Permissions: Bot User OAuth Token, xoxb-…"
            )
        if self.slack.mode == "socket" and not self.env.slack_app_token:
            yield self._absent(
                "SLACK_APP_TOKEN",
                f"{slack}, Basic Information: App-Level Tokens, with connections:write, xapp-…",
                because="slack.mode is socket",
            )
        if self.slack.mode == "http" and not self.env.slack_signing_secret:
            yield self._absent(
                "SLACK_SIGNING_SECRET",
                f"{slack}, Basic Information: App Credentials",
                because="slack.mode is http",
            )
        if (pager := self.pager) and not self.env.secret(pager.variable):
            yield self._no_token(pager)
        if self.mail and self.mail.user and not self.env.smtp_password:
            yield self._absent("SMTP_PASSWORD", "your mail provider", because="mail.user logs in with it")
        for name in self.webhooks:
            if not self.env.secret(variable := variable_of(name)):
                reason = f"is {self._lack(variable)} (it signs what webhooks.{name} is told)"
                yield f"environment: {variable} {reason}. Make it: `echo whsec_$(openssl rand -base64 32)`."
        yield from self._swapped()

    def _swapped(self) -> Iterator[str]:
        """Report if the two Slack tokens are in each other's place, a common mistake."""
        for variable, token, other in (
            ("SLACK_BOT_TOKEN", self.env.slack_bot_token, "xapp-"),
            ("SLACK_APP_TOKEN", self.env.slack_app_token, "xoxb-"),
        ):
            if token.get_secret_value().startswith(other):
                yield f"environment: {variable}: holds the other token ({other}…). Swap the two."


def _severity(key: str, section: SeveritySection) -> Severity:
    is_quiet = section.update_every == NEVER
    every = None if is_quiet else section.update_every
    return Severity(key=key, update_every=every, is_quiet=is_quiet, page=section.page)


def _milestone(section: MilestoneSection) -> Milestone:
    return Milestone(
        name=section.name,
        when=tuple(it for it in section.when if it != "stop"),
        at_stop="stop" in section.when,
        severities=section.severities,
        to=section.to if section.to.startswith(":") else plain(section.to),
        message=section.message,
        command=section.command,
        unless=section.unless,
    )
