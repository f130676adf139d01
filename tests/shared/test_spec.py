import json
from typing import Any

import pytest

from shared.errors import SpecError
from shared.spec import CallSpec, Mode, Peer, PeerKind, Role
from tests.roles import call_spec

SECRETS = {
    Role.CUSTOMER: ("Rosa Hall", "90210", "my lamp", "tomorrow", "hall.mp3", "be kind"),
    Role.SUPPORT: ("the-shop", "D-77", "in the attic", "cartesia/desk"),
}
"""What one role knows and the other must not."""
VERDICT = ("expected", "E-13", "returned")


def secretive_spec() -> CallSpec:
    """A call in which all that must not get out can be told apart."""
    spec = call_spec()
    document = spec.model_dump(mode="json", by_alias=True)
    document["customer"]["persona"]["voice"] = "hall.mp3"
    document["customer"]["instructions"] = "be kind"
    document["support"] = {
        "business": "the-shop",
        "desk": {"lamps": [{"id": "D-77", "place": "in the attic"}]},
    }
    document["engines"]["support"]["tts"] = "cartesia/desk"
    document["expected"] = {"desk": {"lamps": [{"id": "E-13", "status": "returned"}]}}
    return CallSpec.model_validate(document)


@pytest.mark.parametrize("role", Role)
def test_a_role_gets_what_it_may_know_and_nothing_else(role: Role) -> None:
    metadata = secretive_spec().to_metadata(role)
    assert all(secret in metadata for secret in SECRETS[role])
    assert not [secret for secret in SECRETS[role.peer] + VERDICT if secret in metadata]


@pytest.mark.parametrize("role", Role)
def test_metadata_comes_back_as_it_was_sent(role: Role) -> None:
    spec = secretive_spec()
    assert CallSpec.from_metadata(spec.to_metadata(role), role) == spec.for_role(role)


def test_a_peer_may_be_anybody() -> None:
    spec = call_spec(peers={Role.SUPPORT: Peer(identity="probe", kind=PeerKind.STANDARD)})
    spec = spec.model_copy(update={"mode": Mode.ECHO, "support": None})
    sent = CallSpec.from_metadata(spec.to_metadata(Role.SUPPORT), Role.SUPPORT)
    assert sent.peers == {Role.SUPPORT: Peer(identity="probe", kind=PeerKind.STANDARD)}
    assert sent.mode is Mode.ECHO


def metadata(**changes: Any) -> str:
    """Metadata of the support agent with fields changed, or left out where they are ...."""
    document = json.loads(call_spec().to_metadata(Role.SUPPORT))
    for path, value in changes.items():
        *outer, name = path.split("__")
        inner = document
        for step in outer:
            inner = inner[step]
        if value is ...:
            del inner[name]
        else:
            inner[name] = value
    return json.dumps(document)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ("not json", "metadata"),
        ("[]", "metadata"),
        ("{}", "call_id"),
        (metadata(schema=2), "schema"),
        (metadata(call_id="../../etc"), "call_id"),
        (metadata(call_id=".hidden"), "call_id"),
        (metadata(call_id="a" * 101), "call_id"),
        (metadata(scenario=""), "scenario"),
        (metadata(seed=-1), "seed"),
        (metadata(mode="shout"), "mode"),
        (metadata(opener="nobody"), "opener"),
        (metadata(limits__dead_air_s=0), "limits.dead_air_s"),
        (metadata(limits__max_turns=1), "limits.max_turns"),
        (metadata(engines__support__stt=...), "engines.support.stt"),
        (metadata(engines__support=...), "engines.support"),
        (metadata(peers__support=...), "peers.support"),
        (metadata(peers__support__kind="sip"), "peers.support.kind"),
        (metadata(support=...), "support"),
        (metadata(support__business=...), "support.business"),
        (metadata(support__desk={"orders": [{"number": ["47"]}]}), "support.desk.orders.0.number"),
        (metadata(more=1), "more"),
        (call_spec().to_metadata(Role.CUSTOMER), "support"),
    ],
)
def test_wrong_metadata_is_refused_in_one_line_that_names_the_field(wrong: str, field: str) -> None:
    with pytest.raises(SpecError) as refusal:
        CallSpec.from_metadata(wrong, Role.SUPPORT)
    message = str(refusal.value)
    assert f"{field}: " in message or f"{field}." in message
    assert "\n" not in message
    assert message.startswith("not a CallSpec")


@pytest.mark.parametrize(
    ("sent", "ours"),
    [
        (metadata(), True),
        (metadata(more=1), True),
        ('{"call_id": "c1"}', True),
        ('{"schema": 2, "call_id": null}', True),
        ("", False),
        ("hello", False),
        ("{}", False),
        ("null", False),
        ('["call_id"]', False),
        ('"call_id"', False),
        ('{"call_id": "c1", "caller": "+49"}', False),
        ('{"schema": 1, "room": "r"}', False),
        ('{"call_id": "c1"', False),
        ("[" * 100_000, False),
        ('{"n": ' + "9" * 10_000 + "}", False),
    ],
)
def test_metadata_is_told_from_another_makes(sent: str, ours: bool) -> None:  # noqa: FBT001
    assert CallSpec.is_meant_by(sent) is ours


def test_a_refusal_repeats_nothing_of_what_was_sent() -> None:
    with pytest.raises(SpecError) as refusal:
        CallSpec.from_metadata(metadata(mode="my password"), Role.SUPPORT)
    assert "password" not in str(refusal.value)
