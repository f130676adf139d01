"""What both processes tell each other over a socket: messages, each a few fields and some bytes."""

import asyncio
import json
import socket
import struct
from contextlib import suppress
from typing import Any, NamedTuple

_LENGTHS = struct.Struct(">II")
"""Of the fields, as JSON, and of the bytes after them."""


class Message(NamedTuple):
    """One message."""

    kind: str
    fields: dict[str, Any]
    payload: bytes = b""

    def packed(self) -> bytes:
        """As it is sent."""
        head = json.dumps([self.kind, self.fields]).encode()
        return _LENGTHS.pack(len(head), len(self.payload)) + head + self.payload


class Wire:
    """One end of the line between both processes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, end: socket.socket) -> "Wire":
        """The end that this loop has of it."""
        return cls(*await asyncio.open_unix_connection(sock=end))

    def send(self, kind: str, payload: bytes = b"", **fields: Any) -> None:
        """Send a message; it goes out as soon as the loop turns."""
        self._writer.write(Message(kind, fields, payload).packed())

    async def next(self) -> Message:
        """The next message of the other process.

        Raises:
            EOFError: It is gone.
        """
        try:
            head, payload = _LENGTHS.unpack(await self._reader.readexactly(_LENGTHS.size))
            kind, fields = json.loads(await self._reader.readexactly(head))
            return Message(kind, fields, await self._reader.readexactly(payload))
        except (asyncio.IncompleteReadError, ConnectionError):
            raise EOFError from None

    async def aclose(self) -> None:
        """Send what is to be sent still, and close."""
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()


def send_now(end: socket.socket, message: Message) -> None:
    """Send a message without a loop. Blocks."""
    end.sendall(message.packed())


def receive_now(end: socket.socket) -> Message:
    """The next message, without a loop. Blocks.

    Raises:
        EOFError: The other process is gone.
    """
    with end.makefile("rb", buffering=0) as stream:

        def read(size: int) -> bytes:
            data = b""
            while len(data) < size:
                part = stream.read(size - len(data))
                if not part:
                    raise EOFError
                data += part
            return data

        head, payload = _LENGTHS.unpack(read(_LENGTHS.size))
        kind, fields = json.loads(read(head))
        return Message(kind, fields, read(payload))
