"""Secrets in the places where text is written; each of them comes by the environment."""

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from duologue.cli.terminal import Terminal
from duologue.folder.folder import CALL, write_json
from duologue.suite.junit import write_junit
from duologue.suite.result import write_report
from shared import logs
from shared.errors import UsageError
from shared.events import EnginesUsed, Failed, ToolCalled
from shared.events.journal import Journal
from shared.events.usage import EngineKind, Used
from shared.masking import MASK, mask, masked, set_secrets
from shared.settings import read_settings
from tests.duologue.folder.test_folder import call
from tests.duologue.suite.test_result import NOT_MADE, scenario, suite

PASSWORD = 'a "quoted" päss/word'
SECRETS = {
    "OPENAI_API_KEY": "sk-openai-0123",
    "DEEPGRAM_API_KEY": "deepgram/key+0123",
    "CARTESIA_API_KEY": "cartesia-0123",
    "ACME_API_KEY": "one-of-another-package",
    "LIVEKIT_API_SECRET": "livekit-secret-0123",
    "HOTEL_DB_PASSWORD": PASSWORD,
    "LIVEKIT_URL": "password-of-livekit",
    "ACME_BASE_URL": "password-of-acme",
}
"""By variable; of an address, the password in it."""


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    in_file = {"HOTEL_DB_PASSWORD"}
    for name, secret in SECRETS.items():
        value = f"wss://somebody:{secret}@example.org" if name.endswith("_URL") else secret
        if name not in in_file:
            monkeypatch.setenv(name, value)
    (tmp_path / ".env").write_text(f"HOTEL_DB_PASSWORD='{PASSWORD}'\nHOTEL=Green Hill\n")
    read_settings()
    yield
    set_secrets(())


def in_an_event(text: str, _: Path) -> str:
    got: list[str] = []
    journal = Journal("support")
    journal.add_sink(lambda event: got.append(event.to_json()))
    journal.emit(Failed(error=text))
    journal.emit(ToolCalled(tool="x", arguments={"a": [text]}, output=text, is_error=True))
    used = Used(kind=EngineKind.LLM, provider=text, model=text, local=False)
    journal.emit(EnginesUsed(models=(used,)))
    return "".join(got)


def in_a_file_of_the_call_folder(text: str, folder: Path) -> str:
    write_json(folder / CALL, call("one").model_copy(update={"detail": text}))
    return (folder / CALL).read_text(encoding="utf-8")


def on_the_terminal(text: str, _: Path) -> str:
    terminal = Terminal()
    with terminal.capture() as printed:
        terminal.print(f"[red]error:[/red] {text}", soft_wrap=True)
    return printed.get()


def in_junit(text: str, folder: Path) -> str:
    run = NOT_MADE.model_copy(update={"detail": text})
    write_junit(folder / "junit.xml", suite(scenario(run)))
    return (folder / "junit.xml").read_text(encoding="utf-8")


def in_the_report_of_a_suite(text: str, folder: Path) -> str:
    run = NOT_MADE.model_copy(update={"detail": text})
    write_report(folder / "report.json", suite(scenario(run)))
    return (folder / "report.json").read_text(encoding="utf-8")


PLACES = (
    in_an_event,
    in_a_file_of_the_call_folder,
    on_the_terminal,
    in_junit,
    in_the_report_of_a_suite,
)


@pytest.mark.parametrize("variable", SECRETS)
@pytest.mark.parametrize("write", PLACES)
def test_a_secret_is_written_nowhere(
    write: Callable[[str, Path], str], variable: str, tmp_path: Path
) -> None:
    secret = SECRETS[variable]
    for form in (secret, quote(secret, safe=""), json.dumps({"key": secret})):
        written = write(f"wrong key: {form}, try another", tmp_path)
        assert MASK in written
        assert secret not in written
        assert quote(secret, safe="") not in written


@pytest.mark.parametrize("variable", SECRETS)
@pytest.mark.parametrize("style", ["json", "console"])
def test_a_secret_is_in_no_log(
    style: str, variable: str, capsys: pytest.CaptureFixture[str]
) -> None:
    root, secret = logging.getLogger(), SECRETS[variable]
    handlers, level = root.handlers[:], root.level
    try:
        logs.configure("json" if style == "json" else "console")
        Journal("support").emit(Failed(error=f"wrong key: {secret}"))
        error = UsageError(f"wrong key: {secret}")
        logging.getLogger("theirs").error(
            "it says %s", secret, exc_info=error, extra={"why": error}
        )
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
    printed = capsys.readouterr().out
    assert printed.count(MASK) >= 3
    assert secret not in printed
    assert json.dumps(secret)[1:-1] not in printed


def test_what_is_no_secret_or_too_short_to_be_found_again_stays() -> None:
    text = "Green Hill, wss://example.org, sk-1"
    assert mask(text) == text
    set_secrets(["sk-1"])
    assert mask(text) == text
    failed = Failed(error=text)
    assert masked(failed) is failed


def test_of_two_secrets_that_begin_alike_nothing_is_left() -> None:
    set_secrets(["abcdef", "abcdef-and-more"])
    assert mask("abcdef-and-more abcdef") == f"{MASK} {MASK}"


def test_a_key_that_ends_like_a_file_is_known_without_its_end() -> None:
    set_secrets(["sk-of-a-file\n"])
    assert mask("wrong key: sk-of-a-file.") == f"wrong key: {MASK}."
