"""Both images, built without an engine from what is staged, and run as compose would run them."""

import asyncio
import json
import secrets
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import pytest
import pytest_asyncio
from pydantic import SecretStr

from duologue.deploy.staging import stage
from duologue.doctor.doctor import StageResult, StageStatus, examine
from duologue.servers.process import Program
from duologue.servers.server_binary import find_server
from shared.address import ServerAddress
from shared.settings import Settings
from shared.spec import Mode, Role
from tests.deploy import compose, image
from tests.deploy.image import Image

pytestmark = pytest.mark.asyncio(loop_scope="module")

START_TIMEOUT_S = 60.0
OK, UNAVAILABLE = HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE
KEY = {"LIVEKIT_API_KEY": "shipped", "LIVEKIT_API_SECRET": secrets.token_urlsafe(36)}


class Container(NamedTuple):
    """A worker that runs from its image, with what compose says."""

    image: Image
    program: Program
    health: str
    ready: str


class Life(NamedTuple):
    """What was seen of both, from before there was a server until after it."""

    containers: dict[Role, Container]
    before: dict[Role, tuple[int, int]]
    """What answered at the ports of health and readiness."""
    during: dict[Role, tuple[int, int]]
    stages: list[StageResult]
    """What the doctor saw."""
    after: dict[Role, tuple[int, int]]
    codes: dict[Role, int]
    found: dict[Role, dict[str, bool]]
    """Which modules the images have."""
    written: dict[Role, set[Path]]
    """What is in the image, or at home, and was not when it was built."""


async def status(url: str, wanted: int | None = None) -> int:
    """What answers at `url`, once something does, and it is `wanted`, if that is given."""
    async with aiohttp.ClientSession() as session, asyncio.timeout(START_TIMEOUT_S):
        while True:
            with suppress(aiohttp.ClientConnectionError):
                async with session.get(url) as response:
                    if wanted in (None, response.status):
                        return response.status
            await asyncio.sleep(0.1)


async def statuses(containers: dict[Role, Container]) -> dict[Role, tuple[int, int]]:
    return {
        role: (await status(each.health), await status(each.ready))
        for role, each in containers.items()
    }


async def become(wanted: int, containers: dict[Role, Container]) -> None:
    """Wait until both say so of being registered."""
    await asyncio.gather(*(status(each.ready, wanted) for each in containers.values()))


@asynccontextmanager
async def running(argv: list[str], env: dict[str, str]) -> AsyncIterator[Program]:
    program = await Program.start(argv, env=env)
    try:
        yield program
    finally:
        await program.stop(grace_s=5)


@asynccontextmanager
async def container(role: Role, built: Image, service: dict[str, Any]) -> AsyncIterator[Container]:
    variables = service["environment"]
    # Nothing of this machine's own environment, and no home, as in a container.
    home = {"HOME": str(built.root / "nowhere")}
    async with running(built.argv(), built.environment | home | variables) as program:
        health = f"http://127.0.0.1:{variables[f'{role.upper()}_PORT']}/"
        ready = f"http://127.0.0.1:{variables['DUOLOGUE_READY_PORT']}/"
        yield Container(built, program, health, ready)


def find_modules(built: Image) -> dict[str, bool]:
    """Which modules the image's own Python finds."""
    code = (
        "import json, sys; from importlib.util import find_spec; "
        "print(json.dumps({name: find_spec(name) is not None for name in sys.argv[1:]}))"
    )
    names = ["shared", *(f"{role}_agent" for role in Role), "duologue", "pytest", "moto", "piper"]
    argv = built.argv("python", "-c", code, *names)
    done = subprocess.run(argv, env=built.environment, capture_output=True, check=True)
    found: dict[str, bool] = json.loads(done.stdout)
    return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def life(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Life:
    folder = tmp_path_factory.mktemp("images")
    images, built_files = {}, {}
    for role in Role:
        context = stage(role, folder).path
        images[role] = await asyncio.to_thread(image.build, context, folder / "roots")
        built_files[role] = set(images[role].root.rglob("*"))
    found = {role: find_modules(built) for role, built in images.items()}
    services = compose.read_services(KEY, here=True)
    address = ServerAddress(
        url=services["support"]["environment"]["LIVEKIT_URL"],
        api_key=KEY["LIVEKIT_API_KEY"],
        api_secret=SecretStr(KEY["LIVEKIT_API_SECRET"]),
    )
    binary = await find_server(settings.duologue_cache, lambda _: None)
    stages: list[StageResult] = []
    async with AsyncExitStack() as stack:
        containers = {
            role: await stack.enter_async_context(container(role, built, services[role]))
            for role, built in images.items()
        }
        before = await statuses(containers)
        async with running([str(binary)], services["livekit"]["environment"]):
            await become(OK, containers)
            during = await statuses(containers)
            await examine(address, settings, hold_s=0, on_stage=stages.append, modes=[Mode.REPLY])
        await become(UNAVAILABLE, containers)
        after = await statuses(containers)
    codes = {role: await each.program.wait() for role, each in containers.items()}
    written = {
        role: set(built.root.rglob("*")) - built_files[role] for role, built in images.items()
    }
    return Life(containers, before, during, stages, after, codes, found, written)


async def test_a_worker_is_alive_before_it_is_registered_and_ready_only_while_it_is(
    life: Life,
) -> None:
    for role in Role:
        assert life.before[role] == (OK, UNAVAILABLE)
        assert life.during[role] == (OK, OK)
        assert life.after[role] == (OK, UNAVAILABLE)


async def test_both_images_take_a_call_and_are_heard_and_understood(life: Life) -> None:
    failed = [result for result in life.stages if result.status is not StageStatus.PASSED]
    assert failed == []
    assert {result.role for result in life.stages} == {None, *Role}


async def test_an_image_has_its_role_and_neither_the_other_nor_the_tool(life: Life) -> None:
    for role, found in life.found.items():
        assert {name for name, there in found.items() if there} == {"shared", f"{role}_agent"}


async def test_a_worker_writes_nothing_in_its_image_and_needs_no_home(life: Life) -> None:
    assert life.written == {role: set() for role in Role}


async def test_a_worker_in_an_image_stops_when_it_is_told_to(life: Life) -> None:
    assert life.codes == dict.fromkeys(Role, 0)
