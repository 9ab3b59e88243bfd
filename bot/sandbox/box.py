"""The box: one HTTP server for Slack, PagerDuty, GitHub and Statuspage, with faults and a record of all requests."""

from collections.abc import Callable
from string import Template
from types import TracebackType
from typing import Self

from bot.sandbox.clock import VARIABLE, SandboxClock
from bot.sandbox.control import Control
from bot.sandbox.faults import Faults
from bot.sandbox.feed import BoxEvent, Feed
from bot.sandbox.github.github import SandboxGitHub
from bot.sandbox.mail.mailbox import ADDRESS, DOMAIN, HOST, Mailbox
from bot.sandbox.pagerduty.pagerduty import SandboxPagerDuty
from bot.sandbox.recorder import Exchange, Recorder
from bot.sandbox.server.gateway import Gateway, Mount, by_route
from bot.sandbox.server.server import HttpServer
from bot.sandbox.sites.sites import Sites
from bot.sandbox.slack.delivery import Delivery
from bot.sandbox.slack.web_api import PREFIX, method_name
from bot.sandbox.slack.workspace import Workspace
from bot.sandbox.slack.world import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET
from bot.sandbox.statuspage.statuspage import COMPONENTS, PAGE, SandboxStatuspage
from bot.sandbox.statuspage.statuspage import PREFIX as STATUSPAGE
from bot.sandbox.statuspage.statuspage import method_name as statuspage_method

CONFIG = """\
slack:     {{mode: {mode}, announce: C0INCIDENTS}}
pagerduty: {{from: ana@example.com}}
github:    {{repository: acme/postmortems}}
teams:
  imoc:     {{channel: C0IMOC, pagerduty: {{service: PSVC1, escalation_policy: PPOL1, schedule: PSCH1}},
             manager: U0KIM}}
  payments: {{channel: C0PAY, pagerduty: {{service: PSVC2, escalation_policy: PPOL2, schedule: PSCH2}},
             manager: U0KIM}}
command_team: imoc
severities:
  sev1: {{update_every: 15m, page: [imoc]}}
  sev2: {{update_every: 30m, page: [imoc]}}
  sev3: {{update_every: 60m}}
permissions: {{operator: [U0ANA, S0SRE], admin: [U0ANA]}}
"""
SERVICES = """\
services:
  checkout: {team: payments, pagerduty: PSVC2, tier: 1, runbooks: roll-back-deploy}
  search:   {team: imoc, runbooks: restart-db}
  demo:     {team: imoc}
"""
MAIL = "mail: {{host: {host}, port: {port}, security: none, from: {address}, domains: [{domain}]}}\n"
STATUS = """\
status:
  public: true
  title: "Acme status"
  contact: "Questions? support@example.com"
  components:
    checkout: {title: Checkout, group: Shop, services: checkout}
    search:   {title: Search, group: Shop, services: search}
    api:      {title: API, group: Developers}
"""
STATUSPAGE_SECTION = f"""\
statuspage:
  page: {PAGE}
  components: {{{", ".join(f"{name.lower()}: {key}" for key, name in COMPONENTS.items())}}}
"""
GROUPED = "payments: {channel: C0PAY, "
FAILOVER = Template("""\
failover:
  demo:
    usage: "demo <from> <to>"
    params: {from: {choices: [east, west]}, to: {choices: [east, west]}}
    allow: operator
    approvals: 1
    lock: demo
    blast_radius: "Two small sites on this machine, and the requests that the demo sends them."
    watch: "Type traffic: {{ to }} should answer every request, and none should be lost."
    before:
      - check: "{{ from }} has all the traffic"
        http: {url: "$switch/switch", expect: {json: {to: "{{ from }}", percent: 100}}}
        within: 2s
      - check: "{{ to }} is healthy and drained"
        http: {url: "$switch/sites/{{ to }}/health", expect: {json: {state: drained}}}
        within: 2s
      - check: "replication lag"
        http: {url: "$switch/sites/{{ to }}/health", expect: {json: {lag_s: {max: 5}}}}
        within: 2s
    steps:
      - name: "open {{ to }}"
        run: {http: {method: POST, url: "$switch/sites/{{ to }}/open"}}
        verify: {http: {url: "$switch/sites/{{ to }}/health", expect: {json: {state: open}}}, within: 5s}
        undo: {http: {method: POST, url: "$switch/sites/{{ to }}/drain"}}
        timeout: 10s
      - name: move
        stages: [5, 50, 100]
        run: {http: {method: PUT, url: "$switch/switch", json: {to: "{{ to }}", percent: "{{ stage }}"}}}
        verify:
          name: "{{ to }} answers all of its share"
          http:
            url: "$switch/switch"
            expect: {json: {to: "{{ to }}", percent: "{{ stage }}", answered: {min: 3}, errors: {max: 0}}}
          within: 5s
        soak: 1s
        dry_run: {http: {method: PUT, url: "$switch/switch", json: {to: "{{ to }}", percent: 100, dry_run: true}}}
        undo: {http: {method: PUT, url: "$switch/switch", json: {to: "{{ from }}", percent: 100}}}
        timeout: 30s
      - name: "drain {{ from }}"
        run: {http: {method: POST, url: "$switch/sites/{{ from }}/drain"}}
        verify: {http: {url: "$switch/sites/{{ from }}/health", expect: {json: {state: drained}}}, within: 5s}
        undo: {http: {method: POST, url: "$switch/sites/{{ from }}/open"}}
        timeout: 10s
""")


class Box:
    """A workspace in a box, on a free port of 127.0.0.1 until the `with` ends.

    `delivery` is how the bot receives payloads: over its own websockets, or by HTTP at `bot_url`. `latency`
    is in seconds per call, for all services. `limits` enforces Slack's published rates. `sites` adds two
    sites, a switch, and a failover plan that moves traffic between them. `mail` adds a mail server.
    """

    def __init__(
        self,
        delivery: Delivery = "socket",
        latency: float = 0.0,
        *,
        limits: bool = False,
        port: int = 0,
        sites: bool = False,
        mail: bool = False,
    ) -> None:
        self.faults = Faults(latency)
        self.recorder = Recorder()
        self.clock = SandboxClock()
        self._gateway = Gateway(faults=self.faults, recorder=self.recorder, clock=self.clock.now)
        self._server = HttpServer(self._gateway, port)
        self.feed = Feed()
        self._delivery = delivery
        self.url = f"http://127.0.0.1:{self._server.port}"
        self.slack = Workspace(
            feed=self.feed,
            recorder=self.recorder,
            url=self.url,
            delivery=delivery,
            limits=limits,
            now=self.clock.now,
        )
        self.pagerduty = SandboxPagerDuty(self, clock=self.clock.now)
        self.github = SandboxGitHub(self, clock=self.clock.now)
        self.statuspage = SandboxStatuspage(self, clock=self.clock.now)
        self._gateway.mounts += self._mounts()
        self._gateway.greet = self.slack.links.greet
        self._sites = Sites() if sites else None
        self._mail = Mailbox(self.feed, now=self.clock.now) if mail else None

    def __enter__(self) -> Self:
        self._server.start()
        if self._sites:
            self._sites.start()
        if self._mail:
            self._mail.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._sites:
            self._sites.close()
        if self._mail:
            self._mail.close()
        self.slack.sender.close()
        self._server.stop()
        self.feed.close()
        self.clock.close()

    # ---------------------------------------------------------------- for the bot

    @property
    def bot_url(self) -> str:
        """The bot's address. Slack's payloads go to /slack/events, PagerDuty's to /webhooks/pagerduty."""
        return self.slack.sender.bot_url

    @bot_url.setter
    def bot_url(self, url: str) -> None:
        self.slack.sender.bot_url = url.rstrip("/")

    def environment(self) -> dict[str, str]:
        """Return the environment variables that connect the bot to this box."""
        return {
            "SLACK_API_URL": f"{self.url}/api/",
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": APP_TOKEN,
            "SLACK_SIGNING_SECRET": SIGNING_SECRET,
            "PAGERDUTY_API_URL": f"{self.url}/pagerduty",
            "PAGERDUTY_API_TOKEN": "sandbox-pagerduty-token",
            "PAGERDUTY_WEBHOOK_SECRET": "sandbox-pagerduty-secret",
            "GITHUB_API_URL": f"{self.url}/github",
            "GITHUB_TOKEN": "sandbox-github-token",
            "GITHUB_WEBHOOK_SECRET": "sandbox-github-secret",
            "STATUSPAGE_API_URL": f"{self.url}{STATUSPAGE}",
            "STATUSPAGE_API_KEY": "sandbox-statuspage-key",
            "CHANGES_WEBHOOK_SECRET": "sandbox-changes-secret",
            "ALERTS_WEBHOOK_SECRET": "sandbox-alerts-secret",
            "ALERTMANAGER_WEBHOOK_TOKEN": "sandbox-alertmanager-token",
            "GRAFANA_WEBHOOK_SECRET": "sandbox-grafana-secret",
            "WEB_TOKEN": "sandbox-token-of-the-web-port",
            **(self.rehearsal() if self.clock.is_set else {}),
        }

    def rehearsal(self) -> dict[str, str]:
        """Return the environment variables that connect the bot to the box's clock."""
        return {VARIABLE: str(self.clock.file)}

    def config_yaml(self) -> str:
        """Return a config.yaml for the company in the box."""
        plan = FAILOVER.substitute(switch=self._sites.url) if self._sites else ""
        return CONFIG.format(mode=self._delivery) + plan

    def company_yaml(self) -> str:
        """Return a config.yaml with the company's services, status page, user group and mail server."""
        grouped = self.config_yaml().replace(GROUPED, f"{GROUPED}oncall_group: S0PAYONCALL, ")
        return grouped + SERVICES + STATUS + STATUSPAGE_SECTION + self._mail_yaml()

    def _mail_yaml(self) -> str:
        """Return the section of the mail server. It needs `web.public_url` beside it."""
        if self._mail is None:
            return ""
        return MAIL.format(host=HOST, port=self._mail.port, address=ADDRESS, domain=DOMAIN)

    def mount(self, mount: Mount) -> None:
        """Serve another mount, behind those of the services."""
        self._gateway.mounts.append(mount)

    # ---------------------------------------------------------------- what happened

    @property
    def sites(self) -> Sites:
        """The sites and their switch. LookupError in a box without sites."""
        if self._sites is None:
            raise LookupError("This box has no sites.")
        return self._sites

    @property
    def mail(self) -> Mailbox:
        """The mail server. LookupError in a box without one."""
        if self._mail is None:
            raise LookupError("This box has no mail server.")
        return self._mail

    @property
    def exchanges(self) -> list[Exchange]:
        """Every request of the bot and every payload to it, with its answer, in order."""
        return self.recorder.exchanges

    def calls(self, service: str) -> list[str]:
        """Return the names of the methods that the bot called."""
        return self.recorder.calls(service)

    def connections(self, service: str) -> int:
        """Count the connections that the bot opened to a service."""
        return self.recorder.connections(service)

    def on(self, listener: Callable[[BoxEvent], object]) -> None:
        """Call `listener` with each later event, in order, in a thread of the box."""
        self.feed.on(listener)

    def publish(self, event: BoxEvent) -> None:
        self.feed.publish(event)

    def wait_for(self, condition: Callable[[], object], seconds: float = 20.0) -> None:
        """Return once the condition holds. AssertionError with the last events if it does not."""
        self.feed.wait_for(condition, seconds)

    # ---------------------------------------------------------------- helpers

    def _mounts(self) -> list[Mount]:
        control = Control(recorder=self.recorder, workspace=self.slack)
        return [
            Mount(prefix=PREFIX, service="slack", endpoint=self.slack.web_api.answer, name=method_name),
            Mount(
                prefix="/response/",
                service="slack",
                endpoint=self.slack.response_urls.answer,
                name=lambda _: "response_url",
            ),
            Mount(
                prefix="/pagerduty",
                service="pagerduty",
                endpoint=self.pagerduty.api(),
                name=by_route("/pagerduty"),
            ),
            Mount(
                prefix="/github",
                service="github",
                endpoint=self.github.api(),
                name=by_route("/github"),
            ),
            Mount(
                prefix=STATUSPAGE,
                service="statuspage",
                endpoint=self.statuspage.api(),
                name=statuspage_method,
            ),
            Mount(prefix="/box/", service="", endpoint=control.answer, name=lambda _: ""),
        ]
