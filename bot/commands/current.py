"""The router in use. What Spy follows while it runs is exchanged here, between two requests."""

from dataclasses import replace
from threading import Lock

from bot.commands.plugins import CommandRegistry
from bot.commands.request import Notice, Request, Response
from bot.commands.router import Router
from bot.domain.plugin import PluginVersion
from bot.domain.policy import Policy
from bot.ports import Templates, TimeLimit


class CurrentRouter:
    """Passes each request to the newest router. Requests that run meanwhile finish on the one that they began with."""

    def __init__(self, router: Router) -> None:
        self._router = router
        self._changing = Lock()

    @property
    def registry(self) -> CommandRegistry:
        return self._router.registry

    def answer(self, request: Request, limit: TimeLimit | None = None) -> Response:
        return self._router.answer(request, limit)

    def notice(self, notice: Notice, limit: TimeLimit | None = None) -> None:
        self._router.notice(notice, limit)

    @property
    def longest_plugin_command(self) -> float:
        return self._router.longest_plugin_command

    def overran(self, plugin: PluginVersion, doing: str, *, running: int) -> None:
        self._router.overran(plugin, doing, running=running)

    def adopt(self, policy: Policy) -> None:
        """Use this policy from now on."""
        with self._changing:
            self._router = replace(self._router, policy=policy)

    def swap(self, registry: CommandRegistry, templates: Templates) -> None:
        """Use these commands and templates from now on."""
        with self._changing:
            self._router = replace(self._router, registry=registry, templates=templates)
