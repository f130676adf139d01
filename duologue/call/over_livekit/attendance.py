"""Both sides of a call over LiveKit, on their way into its room and out of it.

Our own agents are dispatched. Somebody else's is too, and is then called from here, by a customer
that joins as a person would: an agent that was written for people ignores other agents.
"""

import asyncio
from contextlib import suppress
from functools import partial

from livekit import api, rtc
from livekit.agents.utils import http_context

from customer_agent import create_party
from duologue.call.counterpart import Counterpart
from duologue.call.over_livekit.dispatch import dispatch
from duologue.call.over_livekit.own_verdict import VERDICT_TIMEOUT_S, own_verdict
from duologue.call.over_livekit.recorder import Recorder
from duologue.call.simulation_dispatch import simulation_attributes
from shared import engines
from shared.address import ServerAddress
from shared.endings import EndReason
from shared.events.journal import Journal
from shared.logs import get_logger
from shared.settings import Settings
from shared.spec import CallSpec, Peer, Role
from shared.worker.room import connected, take_side

log = get_logger(__name__)

LEAVE_TIMEOUT_S = 5.0
"""How long both sides may take to leave once one of them has ended the call."""


class Attendance:
    """Brings both sides of one call into its room.

    Args:
        spec: The call.
        settings: What a customer that is run here uses.
        address: Of the server.
        room: The name of the call's room, which is there.
        livekit: A client of the server.
        recorder: Sees who is there.
        journal: The driver's.
        counterpart: Who holds the support side.
    """

    def __init__(
        self,
        spec: CallSpec,
        settings: Settings,
        address: ServerAddress,
        *,
        room: str,
        livekit: api.LiveKitAPI,
        recorder: Recorder,
        journal: Journal,
        counterpart: Counterpart,
    ) -> None:
        self._spec, self._settings = spec, settings
        self._address, self.room = address, room
        self._recorder, self._journal = recorder, journal
        self._counterpart = counterpart
        self._dispatch = partial(
            dispatch,
            livekit,
            room=room,
            journal=journal,
            timeout_s=counterpart.dispatch_timeout_s,
            join_timeout_s=counterpart.join_timeout_s,
        )
        self._customer: asyncio.Task[None] | None = None

    @property
    def recorder_identity(self) -> str:
        """As what the recorder joins, which both sides are told."""
        assert self._spec.recorder
        return self._spec.recorder

    async def come(self) -> None:
        """Bring both sides; a customer that is run here may be on its way still.

        Raises:
            ExceptionGroup: Of what went wrong, such as DispatchNotPickedUp.
        """
        async with asyncio.TaskGroup() as both:
            both.create_task(self._bring_support(), name=f"dispatch-{self._counterpart.agent_name}")
            if self._counterpart.answers_agents:
                both.create_task(self._bring_customer(), name=f"dispatch-{Role.CUSTOMER}")
            else:
                both.create_task(self._load_customer(), name="load customer")
        if not self._counterpart.answers_agents:
            self._customer = asyncio.create_task(self._call(), name="customer")

    async def gone(self) -> None:
        """Let those sides leave by themselves that will, so that their last words arrive.

        Somebody else's agent may stay in the room when the customer has hung up, and is asked for
        its own verdict by it.
        """
        reports = self._counterpart.reports
        leaving = tuple(Role) if reports else (Role.CUSTOMER,)
        timeout_s = LEAVE_TIMEOUT_S if reports else LEAVE_TIMEOUT_S + VERDICT_TIMEOUT_S
        try:
            async with asyncio.timeout(timeout_s):
                while any(map(self._recorder.find, leaving)):  # noqa: ASYNC110 - asked, not told
                    await asyncio.sleep(0.1)
        except TimeoutError:
            log.info("both sides did not leave in time", timeout_s=timeout_s)

    async def aclose(self) -> None:
        """End what is run here."""
        if self._customer:
            self._customer.cancel()
            await asyncio.wait([self._customer])
            if not self._customer.cancelled():
                self._customer.result()  # raises what went wrong

    async def _bring_support(self) -> None:
        await self._dispatch(
            agent_name=self._counterpart.agent_name,
            metadata=self._counterpart.metadata(self._spec),
            attributes=simulation_attributes(self._spec) if self._spec.under_test else {},
            present=lambda: self._recorder.find(Role.SUPPORT) is not None,
        )

    async def _bring_customer(self) -> None:
        await self._dispatch(
            agent_name=Role.CUSTOMER,
            metadata=self._spec.to_metadata(Role.CUSTOMER),
            attributes={},
            present=lambda: self._recorder.find(Role.CUSTOMER) is not None,
        )

    async def _load_customer(self) -> None:
        await asyncio.to_thread(engines.preload, self._spec.engines[Role.CUSTOMER], self._settings)

    async def _call(self) -> None:
        """Take the customer's side of the call as an ordinary participant."""
        callee = self._recorder.find(Role.SUPPORT)
        if callee is None:  # left already, of which the recorder tells
            return
        patience_s = self._counterpart.tracks_timeout_s
        peers = {Role.CUSTOMER: Peer(identity=callee.identity, patience_s=patience_s)}
        # It knows what a worker would be told, no more.
        told = self._spec.model_copy(update={"peers": peers}).to_metadata(Role.CUSTOMER)
        spec = CallSpec.from_metadata(told, Role.CUSTOMER)
        grants = api.VideoGrants(room_join=True, room=self.room, can_update_own_metadata=True)
        token = self._address.token(Role.CUSTOMER, grants, name=_name(spec))
        room = rtc.Room()

        async def join() -> None:
            if not room.isconnected():
                await connected(room.connect(self._address.url, token))

        async with http_context.open():
            try:
                reason = await take_side(
                    room,
                    join,
                    role=Role.CUSTOMER,
                    spec=spec,
                    factory=create_party,
                    settings=self._settings,
                    journal=Journal(Role.CUSTOMER, room=self.room, call_id=spec.call_id),
                )
                content = reason is EndReason.GOODBYE
                if self._recorder.is_told and (
                    verdict := await own_verdict(room, callee.identity, content=content)
                ):
                    self._journal.emit(verdict)
            finally:
                with suppress(TimeoutError):  # a server that is gone does not answer
                    async with asyncio.timeout(LEAVE_TIMEOUT_S):
                        await room.disconnect()


def _name(spec: CallSpec) -> str:
    assert spec.customer
    return spec.customer.persona.name
