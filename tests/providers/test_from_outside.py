"""Providers that come with packages of somebody else's, which are really installed."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from duologue.batch.budget import Cap, caps_of
from duologue.cli.batch_run import BatchExit
from duologue.folder.folder import CALL
from duologue.labels import metrics
from duologue.labels.cost import prices_of
from duologue.labels.metrics import Metrics
from shared import engines, entry_points
from shared.engines import registry, service_client
from shared.errors import EngineUnavailable, UsageError
from shared.settings import PROFILES, Profile, Settings
from shared.spec import Engines, Role
from tests.duologue.batch.plans import short_plan
from tests.duologue.processes import REPOSITORY
from tests.packages import declare
from tests.providers import acme_voices
from tests.providers.acme_server import AcmeServer

LOCAL = PROFILES[Profile.LOCAL][Role.SUPPORT]
ACME = LOCAL.model_copy(update={"tts": "acme/voice-1"})
CALLS = 3
MAKE_TIMEOUT_S = 120.0
"""On a machine that does much else."""

Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Install a distribution with these entry points; where it is."""
    site = tmp_path / "site-packages"
    site.mkdir()
    monkeypatch.syspath_prepend(site)

    def installed(distribution: str, **places: str) -> Path:
        declare(site, distribution, registry.GROUP, **places)
        forget()
        return site

    yield installed
    forget()


@pytest.fixture
def acme(install: Install) -> Iterator[Path]:
    """The package `acme-voices`, installed; where it is."""
    site = install("acme-voices", acme="acme_voices:PROVIDER")
    for name in ("acme_voices.py", "acme_prices.yaml"):
        shutil.copy(Path(acme_voices.__file__).with_name(name), site)
    yield site
    sys.modules.pop("acme_voices", None)


def forget() -> None:
    """Have this process look anew for what is installed."""
    registry.find.cache_clear()
    entry_points.added.cache_clear()


def test_a_batch_speaks_with_a_voice_from_outside_until_that_has_cost_what_it_may(
    acme: Path, tmp_path: Path
) -> None:
    named = Settings(_env_file=None, support_tts="acme/voice-1")
    plan = short_plan(tmp_path / "plan.jsonl", CALLS, settings=named)
    out = tmp_path / "calls"
    with AcmeServer() as server:
        variables = {
            "PYTHONPATH": f"{acme}{os.pathsep}{REPOSITORY}",
            "COLUMNS": "200",
            "ACME_API_KEY": server.key,
            "ACME_BASE_URL": server.url,
            "ACME_MAX_COST_USD": "0.000001",
        }
        ran = subprocess.run(
            [sys.executable, "-m", "duologue", "batch", plan, "--out", out, "--jobs", "1"],
            cwd=tmp_path,
            env=os.environ | variables,
            capture_output=True,
            text=True,
            timeout=MAKE_TIMEOUT_S,
            check=False,
        )
    told = ran.stdout + ran.stderr
    assert ran.returncode == BatchExit.MAX_COST, told
    assert "of ACME_MAX_COST_USD 1e-06 are spent" in told
    [folder] = out.iterdir()
    call = json.loads((folder / CALL).read_text())
    [package] = call["engines"]["support"]["tts"]["packages"]
    assert package == {"name": "acme-voices", "version": "1.0", "licence": "service"}
    measured = Metrics.model_validate_json((folder / metrics.FILE).read_bytes())
    [spoken] = [used for used in measured.usage[Role.SUPPORT] if used.provider == "acme"]
    assert spoken.characters == sum(map(len, server.spoken)) > 0
    assert spoken.cost_usd == pytest.approx(spoken.characters * 40.00 / 1e6)
    assert measured.cost_usd == spoken.cost_usd


@pytest.mark.usefixtures("acme")
async def test_a_session_reads_its_key_address_and_rate_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_client, "MINUTE_S", 0.2)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EngineUnavailable, match="set ACME_API_KEY"):
        engines.check(ACME, Settings())
    with AcmeServer() as server:
        server.speak = lambda _text, _voice, rate: bytes(rate)
        (tmp_path / ".env").write_text(f"ACME_API_KEY={server.key}\nACME_BASE_URL=http://nowhere\n")
        monkeypatch.setenv("ACME_BASE_URL", server.url)
        monkeypatch.setenv("ACME_REQUESTS_PER_MINUTE", "1")
        settings = Settings()
        assert server.key not in repr(settings)
        engines.check(ACME, settings)
        models = engines.load(ACME, settings)
        began = time.monotonic()
        for text in ("One.", "Two.", "Three."):
            assert (await models.tts.synthesize(text).collect()).duration > 0
        assert time.monotonic() - began >= 0.4
        await models.aclose()
    assert server.spoken == ["One.", "Two.", "Three."]


@pytest.mark.usefixtures("acme")
def test_a_variable_that_is_wrong_is_named_and_its_value_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ACME_MAX_COST_USD", "2")
    assert caps_of(Settings(_env_file=None), None) == [Cap("ACME_MAX_COST_USD", 2.0, "acme")]
    monkeypatch.setenv("ACME_MAX_COST_USD", "plenty")
    monkeypatch.setenv("OTHERS_MAX_COST_USD", "nothing of ours")
    settings = Settings(_env_file=None)
    with pytest.raises(UsageError, match="ACME_MAX_COST_USD: Input should be") as raised:
        caps_of(settings, None)
    assert "plenty" not in str(raised.value)
    engines.check(LOCAL, settings)


@pytest.mark.parametrize(
    ("place", "problem"),
    [
        ("gone:PROVIDER", "gone:PROVIDER: ModuleNotFoundError"),
        ("json:PROVIDER", "json:PROVIDER: AttributeError"),
        ("json:loads", "is no Provider 'acme'"),
        ("shared.engines.providers.openai:PROVIDER", "is no Provider 'acme'"),
    ],
)
def test_a_broken_package_is_named_when_its_engine_is_asked_for_and_stops_nothing_else(
    install: Install, place: str, problem: str
) -> None:
    install("broken", acme=place)
    with pytest.raises(UsageError, match=rf"'acme', which broken 1\.0 adds.*{problem}") as raised:
        engines.check_names(ACME)
    assert "\n" not in str(raised.value)
    engines.check_names(LOCAL)
    assert caps_of(Settings(_env_file=None), None) == []
    with pytest.raises(EngineUnavailable, match=r"tts engines are: hibari/heart.*cartesia/"):
        engines.check_names(LOCAL.model_copy(update={"tts": "nobody/x"}))


async def test_an_engine_that_cannot_be_made_is_named_with_the_line_that_failed(
    acme: Path,
) -> None:
    module = acme / "acme_voices.py"
    module.write_text(module.read_text().replace("AcmeTTS(voice=", "AcmeTTS(speaker="))
    keyed = Settings(_env_file=None, acme_api_key="key")
    engines.check(ACME, keyed)
    with pytest.raises(EngineUnavailable) as raised:
        engines.load(ACME, keyed)
    assert str(raised.value).startswith(
        f"engine 'acme/voice-1' cannot be used: it cannot be made: {module}:"
    )
    assert "TypeError: AcmeTTS.__init__() got an unexpected" in str(raised.value)


def test_a_package_that_is_not_all_there_is_named(acme: Path) -> None:
    keyed = Settings(_env_file=None, acme_api_key="key")
    (metadata,) = acme.glob("*.dist-info")
    engines.check(ACME, keyed)
    sys.modules.pop("acme_voices")
    (acme / "acme_voices.py").write_text("import not_installed_here")
    with pytest.raises(EngineUnavailable, match="acme-voices cannot be imported: ModuleNotFound"):
        engines.check(ACME, keyed)
    metadata.rename(acme / "acme_of_another_name-1.0.dist-info")
    (acme / "acme_of_another_name-1.0.dist-info" / "METADATA").write_text("Name: other")
    with pytest.raises(EngineUnavailable, match="acme-voices is not installed; install it"):
        engines.check(ACME, keyed)


@pytest.mark.usefixtures("acme")
def test_a_name_that_two_packages_give_belongs_to_neither(install: Install) -> None:
    install("another", acme="acme_voices:PROVIDER", openai="acme_voices:PROVIDER")
    with pytest.raises(UsageError, match=r"acme-voices 1\.0 and another 1\.0"):
        engines.check_names(ACME)
    engines.check_names(with_voice("openai/alloy"))
    (unused,) = entry_points.overshadowed(registry.GROUP, registry.BUNDLED)
    assert unused.startswith("'openai', which another 1.0 adds to duologue.engines, is not used: ")
    engines.check_names(LOCAL)


@pytest.mark.usefixtures("acme")
def test_an_engine_that_is_unknown_is_answered_with_those_from_outside_too() -> None:
    with pytest.raises(EngineUnavailable, match=r"acme/voice-1"):
        engines.check_names(with_voice("acme/voice-9"))


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ("- {kind: tts, provider: acme, models: [v]}", "0.dated: Field required"),
        ("{", "is no table of prices"),
        (None, "is no table of prices"),
    ],
)
def test_a_table_of_prices_that_is_wrong_is_named(
    acme: Path, table: str | None, problem: str
) -> None:
    file = acme / "acme_prices.yaml"
    file.unlink()
    if table is not None:
        file.write_text(table)
    prices_of.cache_clear()
    with pytest.raises(UsageError, match=f"{file}.*{problem}") as raised:
        prices_of("acme")
    assert "\n" not in str(raised.value)


def with_voice(voice: str) -> Engines:
    return LOCAL.model_copy(update={"tts": voice})
