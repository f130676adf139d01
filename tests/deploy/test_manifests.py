"""What Compose and Kubernetes are told, against their schemas and against our own code."""

import inspect
import re
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import pytest
import yaml
from livekit.agents import AgentServer

from duologue.deploy.staging import PACKAGES
from shared.settings import WORKER_PORTS
from shared.spec import Role
from shared.worker.worker import DRAIN_TIMEOUT_S
from tests.deploy import compose
from tests.deploy.image import read_stages
from tests.environment import DEFAULTS
from tests.test_setup import PROJECT

DEPLOY = Path(__file__).parents[2] / "deploy"
IMAGES = PACKAGES / "duologue" / "deploy"
KEY = {"LIVEKIT_API_KEY": "key", "LIVEKIT_API_SECRET": "secret"}
SERVER_VARIABLES = {"LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"}

PARAMETERS = inspect.signature(AgentServer).parameters
STOPPING_S = (
    DRAIN_TIMEOUT_S
    + PARAMETERS["session_end_timeout"].default
    + PARAMETERS["shutdown_process_timeout"].default
)
"""The longest that a worker takes to stop: calls may go on, then their ends, then their threads."""


def tool(name: str, *arguments: object) -> str:
    """What a checker says; it must be content."""
    program = Path(sysconfig.get_path("scripts")) / name
    argv = [str(each) for each in (program, *arguments)]
    done = subprocess.run(
        argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def read_manifests(role: Role) -> dict[str, dict[str, Any]]:
    """The objects of a role by their kind."""
    text = (DEPLOY / "kubernetes" / f"{role}.yaml").read_text(encoding="utf-8")
    return {each["kind"]: each for each in yaml.safe_load_all(text)}


def pod(role: Role) -> dict[str, Any]:
    spec: dict[str, Any] = read_manifests(role)["Deployment"]["spec"]["template"]["spec"]
    return spec


def container(role: Role) -> dict[str, Any]:
    (only,) = pod(role)["containers"]
    assert isinstance(only, dict)
    return only


def image_variables(role: Role) -> str:
    *_, final = read_stages(IMAGES / role / "Dockerfile")
    return " ".join(each.rest for each in final.instructions if each.name == "ENV")


def test_the_compose_file_is_right_by_the_specification() -> None:
    tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", compose.FILE)


def test_the_manifests_are_right_by_the_schemas_of_kubernetes() -> None:
    files = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    said = tool("kubernetes-validate", "--strict", *files)
    assert said.count("passed") == 4  # a Deployment and an autoscaler each


def test_the_manifests_of_the_roles_differ_in_nothing_but_the_role() -> None:
    support, customer = (
        (DEPLOY / "kubernetes" / f"{role}.yaml").read_text()
        for role in (Role.SUPPORT, Role.CUSTOMER)
    )
    assert customer == support.replace("support", "customer")


@pytest.mark.parametrize("role", list(Role))
def test_the_manifests_run_the_image_of_this_version(role: Role) -> None:
    assert container(role)["image"] == f"duologue-{role}:{PROJECT['project']['version']}"


def test_a_worker_may_take_as_long_to_stop_as_it_can() -> None:
    services = compose.read_services(KEY)
    for role in Role:
        assert pod(role)["terminationGracePeriodSeconds"] > STOPPING_S
        minutes, seconds = re.fullmatch(
            r"(\d+)m(\d+)s", services[role]["stop_grace_period"]
        ).groups()  # type: ignore[union-attr]  # it is written so
        assert int(minutes) * 60 + int(seconds) > STOPPING_S


@pytest.mark.parametrize("role", list(Role))
def test_kubernetes_asks_at_one_port_whether_a_worker_lives_and_at_another_if_it_is_registered(
    role: Role,
) -> None:
    worker = container(role)
    ports = {each["name"]: each["containerPort"] for each in worker["ports"]}
    variables = {each["name"]: each.get("value") for each in worker["env"]}
    assert f"{role.upper()}_PORT={ports['health']}" in image_variables(role).split()
    assert variables["DUOLOGUE_READY_PORT"] == str(ports["ready"])
    for probe in ("startupProbe", "livenessProbe"):
        assert worker[probe]["httpGet"] == {"path": "/", "port": "health"}
    assert worker["readinessProbe"]["httpGet"] == {"path": "/", "port": "ready"}


@pytest.mark.parametrize("role", list(Role))
def test_kubernetes_takes_secrets_by_reference_and_has_none(role: Role) -> None:
    by_reference = {
        each["name"]: each["valueFrom"]["secretKeyRef"]
        for each in container(role)["env"]
        if "valueFrom" in each
    }
    assert by_reference == {name: {"name": "livekit", "key": name} for name in SERVER_VARIABLES}
    assert container(role)["envFrom"] == [{"secretRef": {"name": str(role), "optional": True}}]


@pytest.mark.parametrize("role", list(Role))
def test_a_worker_runs_with_no_right_that_it_does_not_need(role: Role) -> None:
    (user,) = (
        each.rest
        for each in read_stages(IMAGES / role / "Dockerfile")[-1].instructions
        if each.name == "USER"
    )
    assert pod(role)["securityContext"]["runAsNonRoot"]
    assert pod(role)["securityContext"]["runAsUser"] == int(user)
    assert container(role)["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    service = compose.read_services(KEY)[role]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]


@pytest.mark.parametrize("role", list(Role))
def test_the_autoscaler_scales_the_deployment_of_its_role(role: Role) -> None:
    manifests = read_manifests(role)
    scaler, deployment = manifests["HorizontalPodAutoscaler"], manifests["Deployment"]
    assert scaler["spec"]["scaleTargetRef"]["name"] == deployment["metadata"]["name"]
    assert "replicas" not in deployment["spec"]
    assert container(role)["resources"]["requests"].keys() == {"cpu", "memory"}
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert deployment["spec"]["selector"]["matchLabels"] == labels


def test_compose_runs_both_roles_at_ports_of_their_own() -> None:
    services = compose.read_services(KEY)
    assert services.keys() == {"livekit", *Role}
    for role in Role:
        assert services[role]["build"] == f"../build/{role}"
        assert services[role]["environment"][f"{role.upper()}_PORT"] == str(WORKER_PORTS[role])
        assert services[role]["depends_on"] == {"livekit": {"condition": "service_healthy"}}
    assert len({services[role]["environment"]["DUOLOGUE_READY_PORT"] for role in Role}) == 2


def test_compose_has_no_secret_and_says_which_is_missing() -> None:
    with pytest.raises(KeyError, match="LIVEKIT_API_SECRET"):
        compose.read_services({"LIVEKIT_API_KEY": "key"})


def test_whatever_the_manifests_set_is_a_setting() -> None:
    known = DEFAULTS.keys()
    services = compose.read_services(KEY)
    for role in Role:
        assert known >= services[role]["environment"].keys()
        assert known >= {each["name"] for each in container(role)["env"]}


@pytest.mark.parametrize("role", list(Role))
def test_the_template_of_a_role_has_its_own_settings_with_their_defaults(role: Role) -> None:
    text = (DEPLOY / role / ".env.example").read_text(encoding="utf-8")
    assert all(line.startswith("#") for line in text.splitlines() if line)
    shown = dict(re.findall(r"^#([A-Z_]+)=(.*)$", text, re.MULTILINE))
    of_the_other = f"{role.peer.upper()}_"
    assert not [name for name in shown if name.startswith((of_the_other, "LIVEKIT_"))]
    assert shown.items() <= DEFAULTS.items()
