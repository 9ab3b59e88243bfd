"""The log: one line for each event on standard error, JSON for machines, key=value for people.

It never shows a secret, and never what people wrote.
"""

import logging
import sys
import threading
import warnings
from collections.abc import Collection, MutableMapping
from types import TracebackType
from typing import Any, TextIO

import structlog
from structlog.typing import Processor, WrappedLogger

from bot.app.tracebacks import rendered
from bot.domain.masking import Masking

_CONTROL = {code: f"\\x{code:02x}" for code in (*range(9), *range(11, 32), *range(127, 160))}
"""All control characters except tab and line end, which tracebacks need."""

_Event = MutableMapping[str, Any]


def configure(*, secrets: Collection[str] = (), to: TextIO | None = None, level: int = logging.INFO) -> None:
    """Set up this process's log, including the libraries' own logs from warnings on."""
    stream = to or sys.stderr
    is_for_people = stream.isatty()
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(rendered),
    ]
    last: list[Processor] = [*_rendering(is_for_people=is_for_people), Masking(secrets)]
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    _take_in_libraries(stream, shared, last)


def take_in_the_rest() -> None:
    """Log what nobody caught, and Python's warnings, as everything else: Python's own form shows what people wrote."""
    log = structlog.get_logger()

    def uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
        else:
            log.error("nobody caught an error", exc_info=(kind, error, trace))

    def in_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value:
            uncaught(args.exc_type, args.exc_value, args.exc_traceback)

    def ignored(args: "sys.UnraisableHookArgs") -> None:
        if args.exc_value:
            log.error("an error was ignored", exc_info=(args.exc_type, args.exc_value, args.exc_traceback))

    def warned(*warning: Any, **_more: Any) -> None:
        _message, category, filename, lineno = warning[:4]
        log.warning("a library warns", kind=category.__name__, file=filename, line=lineno)

    sys.excepthook, threading.excepthook, sys.unraisablehook = uncaught, in_thread, ignored
    warnings.showwarning = warned


def _rendering(*, is_for_people: bool) -> tuple[Processor, ...]:
    if not is_for_people:
        return (structlog.processors.JSONRenderer(default=str),)
    return (
        _disarmed,
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    )


def _disarmed(_logger: WrappedLogger, _method: str, event: _Event) -> _Event:
    """Make control characters visible, so that a terminal does not obey them. Includes line ends inside a value."""
    for key, value in event.items():
        if isinstance(value, str):
            shown = value.translate(_CONTROL)
            event[key] = shown if key == "exception" else shown.replace("\n", "\\n")
    return event


def _take_in_libraries(stream: TextIO, shared: list[Processor], last: list[Processor]) -> None:
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
