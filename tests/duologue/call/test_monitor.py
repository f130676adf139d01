import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from duologue.call import monitor as monitor_module
from duologue.call import patience as patience_module
from duologue.call.counterpart import OURS, Counterpart, LiveKitAgent
from duologue.call.monitor import CheckServer, Monitor
from shared.endings import Ending, EndReason, Fault, Outcome
from shared.errors import ServerUnreachable
from shared.events import (
    DriverAway,
    Ended,
    Heartbeat,
    Joined,
    Left,
    Payload,
    RoomClosed,
    Subscribed,
)
from shared.events.journal import Event, Journal
from shared.spec import Role

SUSPECT_S = 0.15
HEARTBEAT_LOST_S = 0.3
AWAY_S = 0.2
LAST_WORDS_S = 0.1
PATIENT_S = 30


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitor_module, "SUSPECT_S", SUSPECT_S)
    monkeypatch.setattr(monitor_module, "HEARTBEAT_LOST_S", HEARTBEAT_LOST_S)
    monkeypatch.setattr(monitor_module, "HELD_UP_S", SUSPECT_S)
    monkeypatch.setattr(patience_module, "AWAY_S", AWAY_S)
    monkeypatch.setattr(patience_module, "LOOK_EVERY_S", 0.02)
    monkeypatch.setattr(monitor_module, "LAST_WORDS_S", LAST_WORDS_S)
    monkeypatch.setattr(monitor_module, "CHECK_S", 0.02)


def event(payload: Payload, source: str = "driver") -> Event:
    return Event(source, time.time(), payload)


def left(side: Role | None, reason: str = "unknown") -> Event:
    payload = Left(identity="one", side=side, agent_name=None, sid="PA_1", reason=reason)
    return event(payload)


def subscribed(side: Role) -> Event:
    return event(Subscribed(identity="one", side=side, track="TR_1"))


def ended(role: Role, reason: EndReason) -> Event:
    return event(Ended(reason=reason), role)


async def ending_after(*events: Event, counterpart: Counterpart = OURS) -> Ending:
    monitor = Monitor(counterpart)
    for each in events:
        monitor.on_event(each)
    return await ending_of(monitor)


async def answers() -> None:
    """What a server does that is there."""


async def ending_of(monitor: Monitor, check_server: CheckServer = answers) -> Ending:
    async with asyncio.timeout(PATIENT_S):
        return await monitor.wait(Journal("driver"), check_server)


async def test_a_call_ends_as_a_side_says_it_does() -> None:
    ending = await ending_after(ended(Role.CUSTOMER, EndReason.GOODBYE))
    assert ending == Ending(Outcome.COMPLETED, None, "customer: goodbye")


async def test_the_first_reason_stands() -> None:
    ending = await ending_after(
        ended(Role.SUPPORT, EndReason.DEAD_AIR), ended(Role.CUSTOMER, EndReason.GOODBYE)
    )
    assert ending.outcome is Outcome.DEAD_AIR


@pytest.mark.parametrize("second_hand", [EndReason.PEER_LEFT, EndReason.STOPPED])
async def test_who_only_saw_the_other_leave_knows_less_than_the_other(
    second_hand: EndReason,
) -> None:
    ending = await ending_after(
        left(Role.CUSTOMER),
        ended(Role.SUPPORT, second_hand),
        ended(Role.CUSTOMER, EndReason.CRASHED),
    )
    assert ending == Ending(Outcome.AGENT_CRASHED, Fault.CUSTOMER, "customer: crashed")


async def test_a_side_that_leaves_without_a_word_is_lost() -> None:
    ending = await ending_after(left(Role.SUPPORT))
    assert ending == Ending(Outcome.WORKER_LOST, Fault.SYSTEM, "support left without a word")


@asynccontextmanager
async def beating(monitor: Monitor, *sides: Role) -> AsyncIterator[None]:
    """Let the hearts of these sides beat."""

    async def beat() -> None:
        while True:
            for side in sides:
                monitor.on_event(event(Heartbeat(), side))
            await asyncio.sleep(SUSPECT_S / 3)

    hearts = asyncio.create_task(beat())
    try:
        yield
    finally:
        hearts.cancel()


async def test_a_side_whose_heart_stops_is_lost_though_it_never_left() -> None:
    monitor = Monitor()
    monitor.on_event(event(Heartbeat(), Role.CUSTOMER))
    began = time.monotonic()
    async with beating(monitor, Role.SUPPORT):
        ending = await ending_of(monitor)
    assert ending.outcome is Outcome.WORKER_LOST
    assert ending.detail.startswith("no heartbeat from customer")
    assert time.monotonic() - began >= HEARTBEAT_LOST_S


async def test_a_side_lives_of_which_anything_comes_though_its_events_are_late() -> None:
    monitor, loop = Monitor(), asyncio.get_running_loop()
    monitor.on_event(event(Heartbeat(), Role.CUSTOMER))
    for part in range(1, 11):
        loop.call_later(part * HEARTBEAT_LOST_S / 3, monitor.on_alive, Role.CUSTOMER)
    goodbye = ended(Role.CUSTOMER, EndReason.GOODBYE)
    loop.call_later(11 * HEARTBEAT_LOST_S / 3, monitor.on_event, goodbye)
    assert (await ending_of(monitor)).outcome is Outcome.COMPLETED


async def test_a_driver_that_was_away_says_so_and_blames_nobody_for_it() -> None:
    monitor, journal, said = Monitor(), Journal("driver"), asyncio.Event()

    def on_event(event: Event) -> None:
        if isinstance(event.payload, DriverAway):
            assert event.payload.away_s >= 0.9
            said.set()

    journal.add_sink(on_event)
    async with asyncio.timeout(PATIENT_S):
        waiting = asyncio.create_task(monitor.wait(journal, answers))
        async with beating(monitor, *Role):
            await asyncio.sleep(0.1)
        time.sleep(1.0)  # noqa: ASYNC251 - as if this process was stopped
        await asyncio.sleep(SUSPECT_S)  # in which what is on its way comes
        assert said.is_set()
        assert not monitor.ending.done()
        monitor.on_event(ended(Role.CUSTOMER, EndReason.GOODBYE))
        assert (await waiting).outcome is Outcome.COMPLETED


@pytest.mark.parametrize(
    ("seen", "detail"),
    [
        (left(Role.CUSTOMER), "customer left without a word"),
        (event(RoomClosed(reason="state_mismatch")), "state_mismatch"),
        (event(RoomClosed(reason="room_deleted")), "room_deleted"),
        (None, "no heartbeat from customer for 0 s"),
    ],
)
async def test_a_call_that_did_not_survive_the_drivers_absence_says_so(
    seen: Event | None, detail: str
) -> None:
    monitor = Monitor()
    async with asyncio.timeout(PATIENT_S):
        waiting = asyncio.create_task(monitor.wait(Journal("driver"), answers))
        async with beating(monitor, Role.CUSTOMER):
            await asyncio.sleep(0.1)
        time.sleep(1.0)  # noqa: ASYNC251 - as if this process was stopped
        if seen:
            monitor.on_event(seen)
        ending = await waiting
    assert ending == Ending(
        Outcome.DRIVER_AWAY, Fault.SYSTEM, f"this process was away for 1 s; then: {detail}"
    )


async def test_a_server_that_does_not_answer_is_what_is_lost() -> None:
    async def silent() -> None:
        raise ServerUnreachable("ws://here", "refused")

    monitor = Monitor()
    monitor.on_event(event(Heartbeat(), Role.CUSTOMER))
    ending = await ending_of(monitor, silent)
    assert ending.outcome is Outcome.SERVER_LOST
    assert ending.detail == str(ServerUnreachable("ws://here", "refused"))


async def test_heartbeats_that_the_server_has_held_up_are_not_missed() -> None:
    monitor, asked = Monitor(), 0

    async def hangs() -> None:
        nonlocal asked
        asked += 1
        if asked == 1:
            await asyncio.sleep(HEARTBEAT_LOST_S)
            asyncio.get_running_loop().call_later(
                HEARTBEAT_LOST_S / 2, monitor.on_event, ended(Role.CUSTOMER, EndReason.GOODBYE)
            )

    monitor.on_event(event(Heartbeat(), Role.CUSTOMER))
    assert (await ending_of(monitor, hangs)).outcome is Outcome.COMPLETED


@pytest.mark.parametrize(
    ("reason", "detail"),
    [
        ("participant_removed", "somebody removed the recorder from the room"),
        ("duplicate_identity", "somebody else joined the room as the recorder"),
    ],
)
async def test_a_recorder_that_is_put_out_of_the_room_says_by_whom(
    reason: str, detail: str
) -> None:
    ending = await ending_after(event(RoomClosed(reason=reason)))
    assert ending == Ending(Outcome.RECORDER_REMOVED, Fault.SYSTEM, f"{detail} ({reason})")


@pytest.mark.parametrize("counterpart", [OURS, LiveKitAgent("theirs")])
async def test_a_side_that_is_put_out_of_the_room_is_not_said_to_have_left(
    counterpart: Counterpart,
) -> None:
    removed = left(Role.SUPPORT, "participant_removed")
    ending = await ending_after(removed, counterpart=counterpart)
    detail = "somebody removed support from the room (participant_removed)"
    assert ending == Ending(Outcome.SIDE_REMOVED, Fault.SYSTEM, detail)
    stranger = event(Joined(identity="one", side=None, agent_name=None, sid="PA_2"))
    ending = await ending_after(left(Role.SUPPORT), stranger, counterpart=counterpart)
    detail = "somebody else joined the room as support (duplicate_identity)"
    assert ending == Ending(Outcome.SIDE_REMOVED, Fault.SYSTEM, detail)


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        ("room_deleted", Outcome.ROOM_DELETED),
        ("connection_lost", Outcome.SERVER_LOST),
        ("server_shutdown", Outcome.SERVER_LOST),
    ],
)
async def test_a_room_that_is_gone_ends_the_call(reason: str, outcome: Outcome) -> None:
    ending = await ending_after(event(RoomClosed(reason=reason)))
    assert ending == Ending(outcome, Fault.SYSTEM, reason)


@pytest.mark.parametrize(
    ("seen", "detail"),
    [
        (left(Role.SUPPORT), "the agent left the room"),
        (ended(Role.CUSTOMER, EndReason.PEER_LEFT), "the agent left the room"),
        (event(RoomClosed(reason="room_deleted")), "room_deleted"),
    ],
)
async def test_an_agent_under_test_that_leaves_has_ended_the_call_itself(
    seen: Event, detail: str
) -> None:
    ending = await ending_after(seen, counterpart=LiveKitAgent("theirs"))
    assert ending == Ending(Outcome.AGENT_LEFT, Fault.SUPPORT, detail)


async def test_a_customer_that_is_lost_is_no_fault_of_an_agent_under_test() -> None:
    ending = await ending_after(left(Role.CUSTOMER), counterpart=LiveKitAgent("theirs"))
    assert (ending.outcome, ending.fault) == (Outcome.WORKER_LOST, Fault.SYSTEM)


async def test_an_agent_under_test_that_is_silent_is_at_fault_itself() -> None:
    monitor = Monitor(LiveKitAgent("theirs"))
    monitor.on_event(subscribed(Role.CUSTOMER))
    await monitor.expect_tracks(0.05)
    assert monitor.ending.result().fault is Fault.SUPPORT


async def test_others_may_come_and_go() -> None:
    monitor = Monitor()
    monitor.on_event(event(Joined(identity="one", side=None, agent_name=None, sid="PA_1")))
    monitor.on_event(left(None))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(4 * LAST_WORDS_S):
            await ending_of(monitor)


async def test_a_side_that_sends_no_audio_is_named() -> None:
    monitor = Monitor()
    monitor.on_event(subscribed(Role.SUPPORT))
    await monitor.expect_tracks(0.05)
    assert monitor.ending.result() == Ending(
        Outcome.PEER_NEVER_CAME, Fault.SYSTEM, "no audio track of customer"
    )


async def test_with_both_tracks_there_the_call_goes_on() -> None:
    monitor = Monitor()
    for role in Role:
        monitor.on_event(subscribed(role))
    await monitor.expect_tracks(0.05)
    assert not monitor.ending.done()


async def test_both_sides_are_waited_for_only_if_one_has_ended_the_call_itself() -> None:
    monitor = Monitor()
    monitor.on_event(left(Role.SUPPORT))
    assert not monitor.leaving
    monitor.on_event(ended(Role.CUSTOMER, EndReason.PEER_LEFT))
    assert monitor.leaving
