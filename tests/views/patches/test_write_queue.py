"""Messages to a page that arrive while another is being written."""

import asyncio
from types import SimpleNamespace

import pytest
from bokeh.document import Document
from panel.io import document as panel_document

import backprop_panel.views  # noqa: F401 - it applies the patch


class Connection:
    """Takes messages at its socket; the test says when each is written."""

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


def test_a_message_is_sent_that_arrives_as_the_previous_is_written(connection):
    document = Document()

    def send(message):
        panel_document.schedule_write_events(document, [connection], message)

    async def two_in_a_row():
        send("first")
        await asyncio.sleep(0)
        connection.writes[0].set_result(None)
        send("second")
        for _ in range(10):
            await asyncio.sleep(0)

    asyncio.run(two_in_a_row())
    assert connection.taken == ["first", "second"]
