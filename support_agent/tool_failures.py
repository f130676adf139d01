"""Tools are the code of a business: what they raise ends the call, unless they refuse by it."""

import inspect
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Any

from livekit.agents import StopResponse, ToolError, llm


def ending_the_call(
    tools: Iterable[llm.Tool], crashed: Callable[[Exception], None]
) -> Iterator[llm.Tool]:
    """The tools, with `crashed` called for what one raises that is no `ToolError`.

    LiveKit would log a traceback, and tell the caller's agent of an internal error.
    """
    for tool in tools:
        yield _watched(tool, crashed) if isinstance(tool, llm.FunctionTool) else tool


def _watched(
    tool: llm.FunctionTool[Any, Any], crashed: Callable[[Exception], None]
) -> llm.FunctionTool[Any, Any]:
    @wraps(tool)
    async def use(*args: Any, **arguments: Any) -> Any:
        try:
            result = tool(*args, **arguments)
            return await result if inspect.isawaitable(result) else result
        except (ToolError, StopResponse):
            raise
        except Exception as error:
            crashed(error)
            raise StopResponse from error  # nothing more is said

    return llm.FunctionTool(use, tool.info)
