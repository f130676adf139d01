"""What a Dockerfile says, as far as it can be seen without building it."""

import subprocess
import sysconfig
from pathlib import Path

from packaging.specifiers import SpecifierSet

from duologue.deploy.staging import PACKAGES
from shared.spec import Role
from tests.deploy.image import read_stages
from tests.test_setup import PROJECT

IMAGES = PACKAGES / "duologue" / "deploy"


def test_the_dockerfiles_pass_the_linter() -> None:
    hadolint = Path(sysconfig.get_path("scripts")) / "hadolint"
    files = [IMAGES / role / "Dockerfile" for role in Role]
    done = subprocess.run([hadolint, *files], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_what_ships_the_roles_differs_in_nothing_but_the_role() -> None:
    for name in (
        "duologue/deploy/{}/Dockerfile",
        "duologue/deploy/{}/.dockerignore",
        "deploy/{}/livekit.toml",
    ):
        support, customer = (
            (PACKAGES / name.format(role)).read_text() for role in (Role.SUPPORT, Role.CUSTOMER)
        )
        assert customer == support.replace("support", "customer").replace("SUPPORT", "CUSTOMER")


def test_an_image_has_a_python_that_the_project_supports() -> None:
    (base,) = {stage.base for stage in read_stages(IMAGES / "support" / "Dockerfile")}
    version = base.removeprefix("python:").partition("-")[0]
    assert version in SpecifierSet(PROJECT["project"]["requires-python"])


def test_an_image_runs_as_nobody_who_could_write_in_it_and_says_its_port() -> None:
    for role in Role:
        final = dict(read_stages(IMAGES / role / "Dockerfile")[-1].instructions)
        assert final["USER"] == "10001"
        assert final["EXPOSE"] == "8081"  # where LiveKit Cloud looks, for either role
        variables = final["ENV"].split()
        assert f"{role.upper()}_PORT=8081" in variables
        assert "DUOLOGUE_HEALTH_HOST=0.0.0.0" in variables  # asked from outside the container
