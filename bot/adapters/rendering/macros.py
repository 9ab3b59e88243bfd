"""A Jinja environment that does not escape the output of a macro a second time."""

from collections.abc import Callable
from typing import Any, ClassVar

from jinja2 import BaseLoader, StrictUndefined, nodes
from jinja2.compiler import CodeGenerator, Frame, MacroRef

from bot.adapters.rendering.overrides import BoundedLoops


class _MacrosAreOurs(CodeGenerator):
    def macro_def(self, macro_ref: MacroRef, frame: Frame) -> None:
        self.write("environment.ours(")
        super().macro_def(macro_ref, frame)
        self.write(")")

    def _output_child_to_const(self, node: nodes.Expr, frame: Frame, finalize: Any) -> str:
        """Evaluate nothing at compile time: a filter's result may depend on the reader and the time."""
        if not isinstance(node, nodes.TemplateData):
            raise nodes.Impossible
        return super()._output_child_to_const(node, frame, finalize)


class OwnMacros(BoundedLoops):
    """An environment whose macros return text of the type `own`, which is already escaped."""

    code_generator_class = _MacrosAreOurs
    own: ClassVar[type[str]]

    def __init__(self, loader: BaseLoader, finalize: Callable[[Any], Any]) -> None:
        """`finalize` escapes each value. Jinja's autoescape would escape for HTML."""
        super().__init__(
            loader=loader,
            finalize=finalize,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            optimized=False,  # as in `_output_child_to_const`: nothing is evaluated at compile time
        )

    def ours(self, macro: Callable[..., str]) -> Callable[..., str]:
        return lambda *args, **kwargs: self.own(macro(*args, **kwargs))
