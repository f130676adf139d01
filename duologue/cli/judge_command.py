"""`duologue judge`: what language models say of calls."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from duologue.labels.judges import judge_calls
from shared.settings import read_settings


def judge(
    folders: Annotated[Path, typer.Argument(help="The folder that call folders are in.")] = Path(
        "calls"
    ),
    *,
    model: Annotated[
        str, typer.Option(help="The language model that judges, such as openai/gpt-4.1-mini.")
    ],
) -> None:
    """Have a language model judge the calls that it has not judged yet (LiveKit's judges)."""
    settings = read_settings()
    asyncio.run(judge_calls(folders, model, settings, Console(highlight=False)))
