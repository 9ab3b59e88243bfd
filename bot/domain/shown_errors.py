"""What may be shown of an exception's message: it may quote what people wrote, or hold a secret."""

import traceback

SPEAKS_OF_CODE = (
    AttributeError,
    ImportError,
    MemoryError,
    ModuleNotFoundError,
    NameError,
    NotImplementedError,
    RecursionError,
    TypeError,
    ZeroDivisionError,
)
"""Exceptions whose messages, where Python itself raises them, name types and attributes."""
LEFT_OUT = "(message left out)"


def shown_message(error: BaseException) -> str:
    """Return what may be shown of a message: all of it, the part that an error marks as `logged`, or nothing."""
    logged = getattr(error, "logged", None)
    if isinstance(logged, str):
        return logged
    if isinstance(error, OSError) and error.errno:
        return error.strerror or str(error.errno)
    return str(error) if type(error) in SPEAKS_OF_CODE and not _was_raised(error) else LEFT_OUT


def _was_raised(error: BaseException) -> bool:
    """Return whether a line of code raised it, which can put anything into the message."""
    frames = traceback.extract_tb(error.__traceback__)
    return not frames or (frames[-1].line or "raise").startswith("raise")
