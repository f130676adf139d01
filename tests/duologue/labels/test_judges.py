"""LiveKit's judges, by way of the real plugin and a server that speaks OpenAI's protocol."""

from collections import Counter
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from pydantic import SecretStr
from rich.console import Console

from duologue.call.direct.transport import Direct
from duologue.cli.judge_command import judge_calls
from duologue.folder.folder import CALL, CallRecord, sha256
from duologue.labels import judges
from duologue.labels.calibration import Agreement, agreements, write_sheet
from duologue.labels.judges import JUDGES
from duologue.labels.recorded_call import Call
from duologue.scenarios.scenario_file import load_scenario
from duologue.suite.run import Suite, load_suite, run_suite
from shared.errors import DocumentError, DuologueError, EngineUnavailable
from shared.settings import Settings
from shared.spec import Role
from tests.making import call_directly
from tests.providers.chat import Chat, Reply, ToolCall
from tests.providers.openai_server import OpenAIServer

MODEL, ANOTHER, SILENT = "openai/strict-judge", "openai/another", "openai/silent"
WITHOUT = Settings(_env_file=None)


class Judging:
    """A model that passes what has `wanted` in it."""

    def __init__(self) -> None:
        self.prompts: list[str] = []
        self.wanted = ""
        self.silent = False

    def answer(self, chat: Chat) -> Reply:
        self.prompts.append(chat.heard)
        if self.silent:
            return Reply("No.")
        verdict = "pass" if self.wanted in chat.heard else "fail"
        arguments = {"verdict": verdict, "reasoning": f"{self.wanted!r} was looked for"}
        return Reply(calls=(ToolCall("submit_verdict", arguments),))


@pytest.fixture
def model() -> Iterator[tuple[Judging, Settings]]:
    judging = Judging()
    with OpenAIServer() as server:
        server.chat_models = ("strict-judge", "another", "silent")
        server.answer = judging.answer
        yield judging, Settings(_env_file=None, **server.settings)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one call."""
    out = tmp_path_factory.mktemp("calls")
    spec = load_scenario().to_spec(
        call_id="c1", seed=0, engines={role: WITHOUT.engines(role) for role in Role}
    )
    call_directly(spec, out, WITHOUT)
    return out


async def test_a_call_is_judged_by_what_was_said_done_and_expected(
    model: tuple[Judging, Settings], made: Path
) -> None:
    judging, settings = model
    judging.wanted = "function call: refund_charge"
    printed = StringIO()
    await judge_calls([Call(made / "c1")], MODEL, settings, Console(file=printed, width=200))
    assert len(judging.prompts) == len(JUDGES)
    assert all("I have refunded forty nine dollars to your card." in p for p in judging.prompts)
    for prompt in judging.prompts:
        assert "refunds one of the two charges" in prompt
        assert prompt.index("user: Hi, my order is late") < prompt.index("find_order")
    judged = judges.read(made / "c1")
    assert judged
    assert judged.model == MODEL
    assert {one.verdict for one in judged.judgments} == {"pass"}
    assert "c1: nothing failed" in printed.getvalue()
    assert "accuracy: 1 pass, 0 maybe, 0 fail" in printed.getvalue()
    files = CallRecord.model_validate_json((made / "c1" / CALL).read_bytes()).files
    assert {name: sha256(made / "c1" / name) for name in files} == files
    assert judges.FILE in files
    await judge_calls([Call(made / "c1")], MODEL, settings, Console(file=printed))
    assert len(judging.prompts) == len(JUDGES)  # it had been judged already


async def test_what_fails_is_told_and_another_model_judges_again(
    model: tuple[Judging, Settings], made: Path
) -> None:
    judging, settings = model
    judging.wanted = "what nobody said"
    printed = StringIO()
    await judge_calls([Call(made / "c1")], ANOTHER, settings, Console(file=printed, width=200))
    assert "c1: task_completion: 'what nobody said' was looked for" in printed.getvalue()
    assert "safety: 0 pass, 0 maybe, 1 fail" in printed.getvalue()


async def test_a_model_that_does_not_judge_leaves_the_call_as_it_was(
    model: tuple[Judging, Settings], made: Path
) -> None:
    judging, settings = model
    judging.silent = True
    before = {path.name: path.read_bytes() for path in (made / "c1").iterdir()}
    with pytest.raises(DuologueError, match="openai/silent gave no judgment on accuracy, safety"):
        await judge_calls([Call(made / "c1")], SILENT, settings, Console(file=StringIO()))
    assert {path.name: path.read_bytes() for path in (made / "c1").iterdir()} == before


async def test_a_reply_that_is_cut_is_told(model: tuple[Judging, Settings], made: Path) -> None:
    judging, settings = model
    judging.wanted = "function call: refund_charge"
    short = settings.model_copy(update={"duologue_reply_characters": 20})
    with pytest.raises(
        DuologueError,
        match=r"gave no judgment on .*, a reply was cut after 20 characters; DUOLOGUE_REPLY_CHAR",
    ):
        await judge_calls([Call(made / "c1")], SILENT, short, Console(file=StringIO()))


async def test_a_wrong_key_is_told_as_such(model: tuple[Judging, Settings], made: Path) -> None:
    _, settings = model
    wrong = settings.model_copy(update={"openai_api_key": SecretStr("sk-wrong")})
    with pytest.raises(DuologueError, match=r"Error code: 401 - Incorrect API key") as refused:
        await judge_calls([Call(made / "c1")], SILENT, wrong, Console(file=StringIO()))
    assert "try again" not in str(refused.value)


@pytest.mark.parametrize("engine", ["rules", "openai/gpt-4.1", "nobody/knows"])
async def test_what_cannot_judge_is_refused(made: Path, engine: str) -> None:
    with pytest.raises(EngineUnavailable):
        await judge_calls([Call(made / "c1")], engine, WITHOUT, Console(file=StringIO()))


async def test_a_judge_that_changes_its_mind_says_so_and_is_set_against_people(
    model: tuple[Judging, Settings], made: Path, tmp_path: Path
) -> None:
    judging, settings = model
    call, printed = Call(made / "c1"), StringIO()
    console = Console(file=printed, width=200)
    judging.wanted = ""
    await judge_calls([call], MODEL, settings, console, again=True)
    judging.wanted = "what nobody said"
    await judge_calls([call], MODEL, settings, console, again=True)
    assert "c1: safety said pass before, and says fail now" in printed.getvalue()

    sheet = tmp_path / "labels.csv"
    write_sheet(sheet, [call])
    blind = sheet.read_text(encoding="utf-8")
    assert "c1" not in blind
    assert "was looked for" not in blind
    assert "I have refunded forty nine dollars to your card." in blind
    sheet.write_text(blind.replace(",,,", ",fail,Pass,"), encoding="utf-8")
    found = {each.criterion: each for each in agreements(sheet, [call])}
    assert found["task_completion"].pairs == {("fail", "fail"): 1}
    assert found["accuracy"].pairs == {("pass", "fail"): 1}
    assert found["safety"].calls == 0
    sheet.write_text(blind.replace(",,,", ",good,,"), encoding="utf-8")
    with pytest.raises(DocumentError, match="task_completion: is 'good', but can be pass, maybe"):
        agreements(sheet, [call])


@pytest.mark.parametrize(
    ("pairs", "kappa"),
    [
        (
            {("pass", "pass"): 20, ("fail", "fail"): 15, ("pass", "fail"): 5, ("fail", "pass"): 10},
            0.4,
        ),
        ({("pass", "pass"): 3, ("fail", "fail"): 3}, 1.0),
        ({("pass", "pass"): 3}, None),
        ({}, None),
    ],
)
def test_kappa_is_what_is_more_than_chance(
    pairs: dict[tuple[str, str], int], kappa: float | None
) -> None:
    found = Agreement("accuracy", Counter(pairs)).kappa
    assert found == (kappa if kappa is None else pytest.approx(kappa))


async def test_what_models_judge_by_counts_in_a_suite(
    model: tuple[Judging, Settings], tmp_path: Path
) -> None:
    judging, settings = model
    judging.wanted = "what nobody said"
    suite = Suite(
        scenarios=load_suite(["late-and-charged-twice"]),
        repeat=1,
        min_success=1.0,
        transport=Direct(),
        judge=MODEL,
    )
    result = await run_suite(suite, tmp_path, settings, lambda _: None, on_line=lambda *_: None)
    [[run]] = [scenario.runs for scenario in result.scenarios]
    assert (run.valid, run.success) == (True, False)
    assert "judged: task_completion: 'what nobody said' was looked for" in run.findings
    assert "agent_expectations" in run.checked
