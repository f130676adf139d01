"""Logging: structlog events for people, or one JSON object a line.

LiveKit's own records go the same way. A job that runs in its own process hands its records to the
worker's process, which alone prints (livekit-agents 1.8.9, ipc/log_queue.py).
Secrets are masked in all of it; what a terminal would obey is made visible.
"""

import logging
import sys
from typing import Literal, TextIO

import structlog
from structlog.typing import EventDict

from shared.masking import mask, masked
from shared.printable import printable

_QUIET = ("livekit", "livekit.agents", "hibari", "faster_whisper", "asyncio")


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger of events with fields, which Python's logging gets: it decides what becomes of them.

    Whatever a program that imports this has structlog do stays as it is, for its own loggers.
    """
    logger: structlog.stdlib.BoundLogger = structlog.wrap_logger(
        logging.getLogger(name),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_logger_name,
            structlog.processors.format_exc_info,
            structlog.stdlib.render_to_log_kwargs,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        context_class=dict,
        cache_logger_on_first_use=False,
    )
    return logger


def configure(
    style: Literal["console", "json"], *, level: int = logging.INFO, to: TextIO | None = None
) -> None:
    """Print the events of this process from `level` on in `style`; on standard output unless told.

    A command whose output others read has its log on standard error.
    """
    to = to or sys.stdout
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(default=_masked_text)
        if style == "json"
        else _Console(colors=to.isatty())
    )
    handler = logging.StreamHandler(to)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.ExtraAdder(),
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.format_exc_info,
            ],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _masked,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


def _masked(_: object, __: str, event: EventDict) -> EventDict:
    return masked(event)


def _masked_text(value: object) -> str:
    """A value that JSON does not have."""
    return mask(str(value))


class _Console(structlog.dev.ConsoleRenderer):
    """Lines for people, on a terminal that obeys nothing of what they say."""

    def __call__(self, logger: object, name: str, event_dict: EventDict) -> str:
        """One line, and the traceback under it."""
        shown = {
            field: printable(value) if isinstance(value, str) else value
            for field, value in event_dict.items()
        }
        return mask(super().__call__(logger, name, shown))
