"""What the documents tell people to type and to open is there."""

import importlib.util
import os
import re
import shlex
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
import typer
import yaml
from packaging.requirements import Requirement
from pydantic import BaseModel
from typer.core import TyperGroup

import support_agent
from duologue.batch.plan import Repeated
from duologue.batch.spread import BehaviourFile
from duologue.cli.cli import app
from duologue.scenarios.document import Document
from duologue.scenarios.scenario import Scenario, UserData
from duologue.scenarios.scenario_file import load_scenario
from shared.customer_sheet import Behaviours, Fact, Goal, Mood, Persona
from shared.events import PAYLOADS
from shared.limits import Limits
from shared.settings import WORKER_PORTS, ProviderSettings, variable_of
from shared.spec import Expectation, Role
from tests.environment import DEFAULTS

ROOT = Path(__file__).parent.parent
COMPOSE = ROOT / "deploy" / "compose.yaml"
DOCUMENTS = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"(?<!`)`([^`]+)`(?!`)")
LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
VARIABLE = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")
FILE = re.compile(r"(?:[\w.<>*-]+/)+[\w.<>*-]*|[\w-]+\.(?:py|md|toml|yaml)")
PACKAGES = (
    "customer_agent",
    "support_agent",
    "shared",
    "duologue",
    "deploy",
    "tests",
    "docs",
)

# Flags of livekit-cli 2.18 (cmd/lk/dispatch.go, createAgentDispatch); the first two are required.
LK_DISPATCH_CREATE = ("--room", "--agent-name", "--metadata", "--deployment", "--json")
# The same, cmd/lk/agent.go: the flags that the documents use; each command takes a folder.
LK_AGENT: dict[str, set[str]] = {
    "create": {"--secrets-file"},
    "deploy": set(),
    "rollback": {"--version"},
    "logs": set(),
}
# Those of cmd/lk/simulate.go that take no value, and those that do.
LK_SIMULATE_ON = {"--audio", "--yes"}
LK_SIMULATE = {"--scenarios", "--concurrency", "--num-simulations", "--agent-name"}


class Command(NamedTuple):
    """A command that a document tells people to type."""

    document: str
    line: str

    def __str__(self) -> str:
        return f"{self.document}: {self.line}"


def spans(text: str) -> Iterator[str]:
    """What stands in backticks in running text, on one line each."""
    for match in SPAN.finditer(FENCE.sub("", text)):
        yield " ".join(match[1].split())


def commands() -> Iterator[Command]:
    """Every line of a shell block, and every command in backticks."""
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        for language, block in FENCE.findall(text):
            if language == "sh":
                for line in block.splitlines():
                    yield Command(document.name, line)
        for span in spans(text):
            if span.split()[0] in CHECKS and len(span.split()) > 1:
                yield Command(document.name, span)


def check_make(*words: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^([\w-]+):", makefile, re.MULTILINE)
    for word in words:
        name, assigned, value = word.partition("=")
        if assigned:
            assert f"$({name})" in makefile
            if words[0] == "call":
                check_duologue("call", *shlex.split(value))
        else:
            assert word in targets


def check_duologue(*words: str) -> None:
    command, arguments = typer.main.get_command(app), [*words]
    if words[0].startswith("-"):  # would be obeyed at once: install completion here
        assert [words[0]] in [each.opts for each in command.params]
        return
    with ExitStack() as contexts:
        # Parses every flag and value, and runs nothing.
        context = contexts.enter_context(command.make_context("duologue", [*arguments]))
        while isinstance(command, TyperGroup):
            name, subcommand, arguments = command.resolve_command(context, arguments)
            assert subcommand
            command = subcommand
            context = contexts.enter_context(
                command.make_context(name, [*arguments], parent=context)
            )
        scenario, business = (context.params.get(name) for name in ("scenario", "business"))
    # A file or a business stands for the reader's own.
    if scenario and ".yaml" not in scenario and not business:
        assert load_scenario(scenario)


def check_lk(*words: str) -> None:
    if words[:2] == ("agent", "simulate"):
        check_lk_simulate(*words[2:])
    elif words[0] == "agent":
        check_lk_agent(*words[1:])
    elif words != ("cloud", "auth"):
        check_lk_dispatch(*words)


def check_lk_dispatch(*words: str) -> None:
    assert words[:2] == ("dispatch", "create")
    flags = dict(zip(words[2::2], words[3::2], strict=True))
    assert flags.keys() <= set(LK_DISPATCH_CREATE)
    assert flags.keys() >= set(LK_DISPATCH_CREATE[:2])
    assert flags["--agent-name"] in tuple(Role)


def check_lk_agent(command: str, *arguments: str) -> None:
    *flags, folder = arguments or [f"build/{Role.SUPPORT}"]
    check_staged(folder)
    assert set(flags[::2]) <= LK_AGENT[command]


def check_lk_simulate(*words: str) -> None:
    *given, entrypoint = (word for word in words if word not in LK_SIMULATE_ON)
    flags = dict(zip(given[::2], given[1::2], strict=True))
    assert flags.keys() <= LK_SIMULATE
    assert (ROOT / flags["--scenarios"]).is_file()
    assert (ROOT / entrypoint).is_file()


def check_honcho(*words: str) -> None:
    assert words == ("start",)
    procfile = (ROOT / "Procfile").read_text(encoding="utf-8")
    processes = dict(line.split(": exec ") for line in procfile.splitlines())
    assert processes.keys() == set(Role)
    for command in processes.values():
        script, role = command.split()
        assert os.access(ROOT / script, os.X_OK)
        assert Role(role)


def check_python(*words: str) -> None:
    if words[0] == "-P":  # no module of the current folder
        words = words[1:]
    assert words[0] == "-m"
    assert importlib.util.find_spec(words[1])
    if words[1] == "livekit.agents":
        assert words[2] == "start"
        assert (ROOT / words[3]).is_file()


def check_staged(folder: str) -> None:
    """A folder that `duologue deploy stage` makes."""
    assert folder in {f"build/{role}" for role in Role}


def check_docker(*words: str) -> None:
    if words[0] == "build":
        _, flag, image, folder = words
        assert flag == "-t"
        check_staged(folder)
        manifest = ROOT / "deploy" / "kubernetes" / f"{Path(folder).name}.yaml"
        assert f"image: {image}\n" in manifest.read_text(encoding="utf-8")
        return
    assert words[0] == "compose"
    flags = dict(zip(words[1:-2:2], words[2:-2:2], strict=True))
    if flags:
        assert flags.keys() == {"--env-file", "-f"}
        assert (ROOT / flags["-f"]).is_file()
        assert words[-2:] == ("up", "--build")


def check_kubectl(*words: str) -> None:
    manifests = [path.read_text() for path in (ROOT / "deploy" / "kubernetes").glob("*.yaml")]
    match words:
        case ("create", "secret", "generic", name, file):
            assert any(re.search(rf"name: {name}\b", text) for text in manifests)
            assert file.removeprefix("--from-env-file=").endswith(".env")
        case ("apply", "-f", folder):
            assert (ROOT / folder).is_dir()
        case ("apply",):
            pass
        case ("rollout", "status" | "undo", deployment) | ("logs", deployment):
            assert deployment.removeprefix("deployment/") in tuple(Role)
        case _:
            pytest.fail(f"kubectl {words}")


def check_cp(*words: str) -> None:
    source, target = words
    assert (ROOT / source).is_file()
    assert source.removesuffix(".example") == target


def check_install(*words: str) -> None:
    """What `pip`, `pipx` and `uv tool` install is this project, with extras that it has."""
    [what] = [word for word in words if word not in ("tool", "install")]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    here = what.replace(".[", f"{project['name']}[")
    assert Requirement(here).name == project["name"]
    assert Requirement(here).extras <= project["optional-dependencies"].keys()


def check_source(*words: str) -> None:
    assert words == (".venv/bin/activate",)
    assert "VENV := .venv\n" in (ROOT / "Makefile").read_text(encoding="utf-8")


def check_grep(*words: str) -> None:
    assert words[0] in PAYLOADS


CHECKS = {
    "make": check_make,
    "duologue": check_duologue,
    "lk": check_lk,
    "docker": check_docker,
    "kubectl": check_kubectl,
    "cp": check_cp,
    "honcho": check_honcho,
    "python": check_python,
    "pip": check_install,
    "pipx": check_install,
    "uv": check_install,
    "source": check_source,
    "grep": check_grep,
}


@pytest.mark.parametrize("command", list(commands()), ids=str)
def test_a_command_in_the_documents_can_be_typed(command: Command) -> None:
    program, *words = shlex.split(command.line)
    CHECKS[program](*words)


def test_the_readme_begins_with_the_two_commands_that_do_everything() -> None:
    [(_, first), *_] = FENCE.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    assert first.splitlines() == ["make call", "make test"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_and_paths_in_the_documents_lead_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for target in LINK.findall(text):
        if not urlsplit(target).scheme:
            assert (document.parent / target.partition("#")[0]).exists(), target
    for span in spans(text):
        if FILE.fullmatch(span) and span.split("/")[0] in PACKAGES:
            pattern = re.sub(r"<\w+>", "*", span.rstrip("/"))
            # What one copies from a template is there once one has.
            assert list(ROOT.glob(pattern)) or list(ROOT.glob(f"{pattern}.example")), span


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_variables_in_the_documents_are_read(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    in_code = [*spans(text), *(block for _, block in FENCE.findall(text))]
    # "acme" is the documents' example of a provider that somebody adds.
    acme = {variable_of("acme", field) for field in ProviderSettings.model_fields}
    known = DEFAULTS.keys() | acme | PAYLOADS.keys() | {*support_agent.__all__}
    known |= set(re.findall(r"\$\{(\w+)", COMPOSE.read_text(encoding="utf-8")))
    # What the option's own variable names, and what livekit-agents reads in somebody's agent.
    known |= {"DUOLOGUE_JUDGE", "LIVEKIT_INFERENCE_URL"}
    for code in in_code:
        assert set(VARIABLE.findall(code)) <= known, code


@pytest.mark.parametrize(
    "model", [Scenario, UserData, Persona, Mood, Behaviours, Expectation, Limits, Goal, Fact]
)
def test_every_key_of_a_scenario_is_in_the_document(model: type[BaseModel]) -> None:
    text = (ROOT / "docs" / "scenarios.md").read_text(encoding="utf-8")
    words = {word for span in spans(text) for word in re.findall(r"\w+", span)}
    # A recorded file is written as the `audio` of `say`.
    assert words >= model.model_fields.keys() - {"clip"}


def test_the_examples_of_plans_are_plans(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "batches.md").read_text(encoding="utf-8")
    examples = [block for language, block in FENCE.findall(text) if language == "yaml"]
    path = tmp_path / "example.yaml"
    models: tuple[type[BaseModel], ...] = (BehaviourFile, Repeated)
    for model, example in zip(models, examples, strict=True):
        path.write_text(example, encoding="utf-8")
        assert Document.read(path).parse(model)


def test_the_table_of_images_is_true() -> None:
    text = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    services = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]
    rows = re.findall(
        r"^\| `(\w+)` \| `(\w+)` \| `([\w/]+)` \| (\d+) / 8081 \| (\d+) \|", text, re.MULTILINE
    )
    assert rows == [
        (
            role,
            f"{role}_agent",
            f"build/{role}",
            str(WORKER_PORTS[role]),
            services[role]["environment"]["DUOLOGUE_READY_PORT"],
        )
        for role in Role
    ]


def test_the_workflow_in_the_documents_can_run(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "testing-your-agent.md").read_text(encoding="utf-8")
    [scenarios, workflow] = [block for language, block in FENCE.findall(text) if language == "yaml"]
    (tmp_path / "scenarios.yaml").write_text(scenarios, encoding="utf-8")
    assert load_scenario(str(tmp_path / "scenarios.yaml"))
    [job] = yaml.safe_load(workflow)["jobs"].values()
    ran = [shlex.split(step["run"]) for step in job["steps"] if "run" in step]
    checkout = [step["with"]["path"] for step in job["steps"] if "repository" in str(step)]
    assert [Path(words[0]).name for words in ran] == ["python", "make", "duologue"]
    assert ran[1] == ["make", "-C", *checkout, ".venv/call"]
    assert "\n$(VENV)/call:" in (ROOT / "Makefile").read_text(encoding="utf-8")
    assert ran[2][:2] == [f"{checkout[0]}/.venv/bin/duologue", "test"]
    check_duologue(*ran[2][1:])
    [kept] = [step["with"]["path"] for step in job["steps"] if "upload" in str(step)]
    assert kept.split() == [
        ran[2][ran[2].index(flag) + 1] for flag in ("--out", "--junit", "--json")
    ]


def test_the_table_of_workers_is_true() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (\d+) \(`(\w+)`\)", readme, re.MULTILINE)
    assert rows == [
        (role, f"{role}_agent", str(WORKER_PORTS[role]), f"{role.upper()}_PORT") for role in Role
    ]
