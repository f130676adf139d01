"""What of a worker's log is an error, and what only looks like one."""

import asyncio
import json
import logging
import traceback
from io import StringIO

import pytest

from duologue.servers.worker_log import last_error
from shared import logs

LOGGED = {"event": "it broke", "level": "error", "logger": "duologue.worker"}


@pytest.mark.parametrize(
    "line",
    [
        '127.0.0.1 "GET / HTTP/1.0" 200 149',
        "[W:onnxruntime:, graph.cc:109] an initializer is not used",
        "['a list']",
        json.dumps({**LOGGED, "level": "warning"}),
        json.dumps({**LOGGED, "event": "data channel closed unexpectedly", "logger": "livekit"}),
        json.dumps({**LOGGED, "event": "Unclosed client session", "logger": "asyncio"}),
        json.dumps({**LOGGED, "level": "info", "exception": "ValueError: of a retry"}),
    ],
)
def test_what_is_no_error_is_not_taken_for_one(line: str) -> None:
    assert last_error([line]) == ""
    assert last_error([json.dumps(LOGGED), line]) == "it broke"


@pytest.mark.parametrize("logger", ["duologue", "duologue.call", "livekit.agents"])
def test_what_we_and_livekit_log_as_an_error_is_one(logger: str) -> None:
    record = {**LOGGED, "logger": logger, "reason": "no voice", "error": "HTTP 401"}
    assert last_error([json.dumps(record), "{}", "plain"]) == "it broke: no voice: HTTP 401"


def fail(error: BaseException) -> BaseException:
    try:
        raise error  # noqa: TRY301 - for its traceback
    except BaseException as raised:  # noqa: BLE001 - it is what was given
        return raised


async def fail_in_group() -> None:
    async def work() -> None:
        raise ZeroDivisionError("the true one")

    async with asyncio.TaskGroup() as group:
        group.create_task(work())


def in_group() -> BaseException:
    with pytest.raises(ExceptionGroup) as raised:
        asyncio.run(fail_in_group())
    return raised.value


def chained() -> BaseException:
    second = ValueError("second\nin two lines")
    second.__context__ = fail(KeyError("first"))
    return fail(second)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (fail(ValueError("no such voice")), "ValueError: no such voice"),
        (fail(SystemExit()), "SystemExit"),
        (chained(), "ValueError: second"),
        (in_group(), "ZeroDivisionError: the true one"),
    ],
)
def test_of_a_traceback_the_exception_is_told_that_was_raised(
    error: BaseException, told: str
) -> None:
    lines = "".join(traceback.format_exception(error)).splitlines()
    assert last_error([*lines, "GET /"]) == told
    printed = StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logging.root, "handlers", [])
        patch.setattr(logging.root, "level", logging.root.level)
        logs.configure("json", to=printed)
        logging.getLogger("asyncio").error("a task failed", exc_info=error)
    assert last_error(printed.getvalue().splitlines()) == f"a task failed: {told}"
