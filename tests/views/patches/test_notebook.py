"""Changes that are sent to a notebook's page."""

import asyncio

import pytest
from bokeh.document import Document
from bokeh.models import Div
from pyviz_comms import Comm

from backprop_panel.views.patches.notebook import Changes

PATIENCE = 60


class Channel(Comm):
    """A channel to a page that opens it, which keeps what was sent."""

    def __init__(self):
        super().__init__()
        self.sent = []

    def init(self):
        self._comm = self

    def send(self, data=None, metadata=None, buffers=()):
        self.sent.append(data if metadata is None else metadata)


@pytest.fixture
def channel():
    return Channel()


def test_changes_before_the_page_is_there_reach_it_together_and_in_order(channel):
    async def change_and_open():
        div = Div(text="before")
        document = Document()
        document.add_root(div)
        Changes(document, channel)
        for text in ("first", "second"):
            await asyncio.sleep(0.02)  # so that the change before has been tried to be sent
            div.text = text
        await asyncio.sleep(0.02)
        assert not channel.sent
        channel.init()
        async with asyncio.timeout(PATIENCE):
            while not any("second" in str(data) for data in channel.sent):
                await asyncio.sleep(0.02)

    asyncio.run(change_and_open())
    (content,) = (data for data in channel.sent if "first" in str(data) or "second" in str(data))
    assert "first" not in content or content.index("first") < content.index("second")


def test_the_first_page_alone_is_told_that_it_is_connected(channel):
    async def open_twice():
        Changes(Document(), channel)
        channel.init()
        channel.init()

    asyncio.run(open_twice())
    assert channel.sent == [{"msg_type": "Ready"}]
