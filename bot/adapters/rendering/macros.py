"""A Jinja environment that does not escape the output of a macro a second time."""

from collections.abc import Callable
from types import CodeType
from typing import Any, ClassVar

from jinja2 import BaseLoader, BytecodeCache, StrictUndefined, nodes
from jinja2.bccache import Bucket
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


class CompiledTemplates(BytecodeCache):
    """Keeps the code of each file in memory: compiling takes ten times as long as rendering."""

    def __init__(self) -> None:
        self._code: dict[str, tuple[str, CodeType | None]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        checksum, code = self._code.get(bucket.key, ("", None))
        bucket.code = code if checksum == bucket.checksum else None

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = (bucket.checksum, bucket.code)


class OwnMacros(BoundedLoops):
    """An environment whose macros return text of the type `own`, which is already escaped."""

    code_generator_class = _MacrosAreOurs
    own: ClassVar[type[str]]
    compiled: ClassVar[CompiledTemplates]
    """Shared by all environments of one class. Another class compiles the same file to other code."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.compiled = CompiledTemplates()

    def __init__(self, loader: BaseLoader, finalize: Callable[[Any], Any]) -> None:
        """`finalize` escapes each value. Jinja's autoescape would escape for HTML."""
        super().__init__(
            loader=loader,
            finalize=finalize,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            bytecode_cache=self.compiled,
            optimized=False,  # as in `_output_child_to_const`: nothing is evaluated at compile time
        )

    def ours(self, macro: Callable[..., str]) -> Callable[..., str]:
        return lambda *args, **kwargs: self.own(macro(*args, **kwargs))
