"""A Jinja environment in which what a macro wrote is ours: it is not escaped a second time."""

from collections.abc import Callable
from typing import Any, ClassVar

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame, MacroRef

from bot.adapters.rendering.overrides import BoundedLoops


class _MacrosAreOurs(CodeGenerator):
    def macro_def(self, macro_ref: MacroRef, frame: Frame) -> None:
        self.write("environment.ours(")
        super().macro_def(macro_ref, frame)
        self.write(")")

    def _output_child_to_const(self, node: nodes.Expr, frame: Frame, finalize: Any) -> str:
        """Work nothing out ahead: what a filter makes of a constant goes by who reads it, and when."""
        if not isinstance(node, nodes.TemplateData):
            raise nodes.Impossible
        return super()._output_child_to_const(node, frame, finalize)


class OwnMacros(BoundedLoops):
    """What a macro gives, and the blanks between, is of the kind `own`: text that was made safe already."""

    code_generator_class = _MacrosAreOurs
    own: ClassVar[type[str]]

    def ours(self, macro: Callable[..., str]) -> Callable[..., str]:
        return lambda *args, **kwargs: self.own(macro(*args, **kwargs))
