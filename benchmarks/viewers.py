"""Sessions whose browsers are elsewhere: each takes its frames as a browser does, and draws none.

Twenty pages drawn on the machine that serves them say how fast it draws. Here are the connections
alone, with the answer that a page gives to each frame. Run as ``python benchmarks/viewers.py URL
COUNT``, it prints ``ready`` and goes on until its input ends, then prints the frames a second of
each.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from typing import Any

from bokeh.protocol import Protocol
from bokeh.protocol.message import Message
from bokeh.protocol.receiver import Receiver
from bokeh.util.token import generate_jwt_token, generate_session_id
from tornado.locks import Lock
from tornado.websocket import WebSocketClientConnection, websocket_connect

DRAWING_SECONDS = 0.03
"""What a browser takes for a frame."""

FIRST_FRAMES = 10
"""Frames that each has had once all are open: a page that opens keeps the server from others."""

CLOCK = re.compile(r'"id": "(\w+)", "attributes": {"name": "FramePacer"')


class Viewer:
    """One session."""

    def __init__(self, connection: WebSocketClientConnection) -> None:
        self.write_lock = Lock()
        self._connection = connection
        self._protocol = Protocol()
        self._receiver = Receiver(self._protocol)
        self._drawing: set[asyncio.Task[None]] = set()
        self._clock = ""
        self.frames = 0

    async def begin(self) -> None:
        """Get the page, and say that it is there."""
        await self._receive()
        await self._protocol.create("PULL-DOC-REQ").send(self)
        reply = await self._receive()
        (self._clock,) = CLOCK.findall(json.dumps(reply.content))
        await self._tell("document_ready", [])

    async def look(self) -> None:
        """Take frames, and answer each as if it had been drawn."""
        while True:
            message = await self._receive()
            for event in message.content.get("events", []):
                if event["kind"] != "MessageSent":
                    continue
                told = dict(event["msg_data"]["values"]["entries"])
                if told["model"]["id"] == self._clock:
                    self.frames += 1
                    drawing = asyncio.create_task(self._draw(told["data"]))
                    self._drawing.add(drawing)
                    drawing.add_done_callback(self._drawing.discard)

    async def write_message(
        self, message: str | bytes, binary: bool = False, locked: bool = True
    ) -> None:
        """Send a part of a message, as Bokeh's messages ask of a connection."""
        await self._connection.write_message(message, binary)

    async def _draw(self, number: int) -> None:
        await asyncio.sleep(DRAWING_SECONDS)
        await self._tell("data_event", [["model", {"id": self._clock}], ["data", number]])

    async def _tell(self, name: str, values: list[list[Any]]) -> None:
        event = {"type": "event", "name": name, "values": {"type": "map", "entries": values}}
        told = {"kind": "MessageSent", "msg_type": "bokeh_event", "msg_data": event}
        header = self._protocol.create("PULL-DOC-REQ").header | {"msgtype": "PATCH-DOC"}
        parts = map(json.dumps, (header, {}, {"events": [told]}))
        await self._protocol.assemble(*parts).send(self)

    async def _receive(self) -> Message[Any]:
        message = None
        while message is None:
            part = await self._connection.read_message()
            if part is None:
                raise ConnectionError("the server has closed the session")
            message = await self._receiver.consume(part)
        return message


async def viewer(url: str) -> Viewer:
    """Open a session."""
    token = generate_jwt_token(generate_session_id(signed=False), signed=False)
    connection = await websocket_connect(
        f"{url.replace('http', 'ws', 1)}/ws", subprotocols=["bokeh", token], max_message_size=2**28
    )
    opened = Viewer(connection)
    await opened.begin()
    return opened


async def main(url: str, count: int) -> None:
    """Open sessions and look on."""
    viewers = [await viewer(url) for _ in range(count)]
    looking = [asyncio.create_task(each.look()) for each in viewers]
    while min(each.frames for each in viewers) < FIRST_FRAMES:
        await asyncio.sleep(DRAWING_SECONDS)
    print("ready", flush=True)
    begin, before = time.perf_counter(), [each.frames for each in viewers]
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    seconds = time.perf_counter() - begin
    rates = [(each.frames - seen) / seconds for each, seen in zip(viewers, before, strict=True)]
    print(f"frames a second of each: {min(rates):.1f} to {max(rates):.1f}")
    for each in looking:
        if each.done():
            each.result()  # raises what ended it before its time
        each.cancel()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
