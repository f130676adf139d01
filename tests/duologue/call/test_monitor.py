import asyncio
import time

import pytest

from duologue.call import monitor as monitor_module
from duologue.call.counterpart import OURS, Counterpart, LiveKitAgent
from duologue.call.monitor import Monitor
from shared.endings import Ending, EndReason, Fault, Outcome
from shared.events import Ended, Heartbeat, Joined, Left, Payload, RoomClosed, Subscribed
from shared.events.journal import Event
from shared.spec import Role

HEARTBEAT_LOST_S = 0.3
LAST_WORDS_S = 0.1


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitor_module, "HEARTBEAT_LOST_S", HEARTBEAT_LOST_S)
    monkeypatch.setattr(monitor_module, "LAST_WORDS_S", LAST_WORDS_S)
    monkeypatch.setattr(monitor_module, "CHECK_S", 0.02)


def event(payload: Payload, source: str = "driver") -> Event:
    return Event(source, time.time(), payload)


def left(side: Role | None) -> Event:
    payload = Left(identity="one", side=side, agent_name=None, sid="PA_1", reason="unknown")
    return event(payload)


def subscribed(side: Role) -> Event:
    return event(Subscribed(identity="one", side=side, track="TR_1"))


def ended(role: Role, reason: EndReason) -> Event:
    return event(Ended(reason=reason), role)


async def ending_after(*events: Event, counterpart: Counterpart = OURS) -> Ending:
    monitor = Monitor(counterpart)
    for each in events:
        monitor.on_event(each)
    async with asyncio.timeout(2):
        return await monitor.wait()


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


async def test_a_side_whose_heart_stops_is_lost_though_it_never_left() -> None:
    monitor = Monitor()
    monitor.on_event(event(Heartbeat(), Role.CUSTOMER))
    began = time.monotonic()

    async def beat() -> None:
        while True:
            monitor.on_event(event(Heartbeat(), Role.SUPPORT))
            await asyncio.sleep(HEARTBEAT_LOST_S / 5)

    beating = asyncio.create_task(beat())
    async with asyncio.timeout(2):
        ending = await monitor.wait()
    beating.cancel()
    assert ending.outcome is Outcome.WORKER_LOST
    assert ending.detail.startswith("no heartbeat from customer")
    assert time.monotonic() - began >= HEARTBEAT_LOST_S


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
            await monitor.wait()


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
