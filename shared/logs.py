"""Logging: structlog events on standard output, for people or one JSON object a line.

LiveKit's own records go the same way. A job that runs in its own process hands its records to the
worker's process, which alone prints (livekit-agents 1.8.9, ipc/log_queue.py).
"""

import logging
import sys
from typing import Literal

import structlog

_QUIET = ("livekit", "livekit.agents", "hibari", "faster_whisper", "asyncio")


def use_logging() -> None:
    """Hand structlog's events to Python's logging, which decides what becomes of them."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_logger_name,
            structlog.processors.format_exc_info,
            structlog.stdlib.render_to_log_kwargs,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def configure(style: Literal["console", "json"], *, level: int = logging.INFO) -> None:
    """Print the events of this process from `level` on, on standard output in `style`."""
    use_logging()
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(default=str)
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.ExtraAdder(),
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.format_exc_info,
            ],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
