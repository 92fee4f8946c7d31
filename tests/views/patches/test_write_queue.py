"""What is sent to a page while another message is on its way."""

import asyncio
from types import SimpleNamespace

import pytest
from bokeh.document import Document
from panel.io import document as panel_document

import backprop_panel.views  # noqa: F401 - it mends the sending


class Connection:
    """Takes messages at its socket; when each has gone out is for the test to say."""

    def __init__(self):
        self._socket = self
        self.protocol = SimpleNamespace(create=lambda kind, events: events)
        self.taken = []
        self.writes = []

    def take(self, msg):
        self.taken.append(msg)
        self.writes.append(asyncio.get_running_loop().create_future())
        return self.writes[-1:]


@pytest.fixture
def connection(monkeypatch):
    monkeypatch.setitem(panel_document.extra_socket_handlers, Connection, Connection.take)
    return Connection()


def test_a_message_that_comes_as_the_one_before_has_gone_out_is_sent(connection):
    document = Document()

    def say(message):
        panel_document.schedule_write_events(document, [connection], message)

    async def two_in_a_row():
        say("first")
        await asyncio.sleep(0)
        connection.writes[0].set_result(None)
        say("second")
        for _ in range(10):
            await asyncio.sleep(0)

    asyncio.run(two_in_a_row())
    assert connection.taken == ["first", "second"]
