"""A session without a server, as in a notebook: the running event loop calls it."""

import asyncio

from backprop_panel import TrainingRunManager
from backprop_panel.views.state.session import Session

PATIENCE = 60


def test_play_is_shown_in_a_running_event_loop_without_a_server():
    async def play():
        manager = TrainingRunManager()
        manager.create()
        session = Session(manager)
        session.toggle_play()
        shown = []
        session.param.watch(lambda event: shown.append(event.new.step), "record")
        async with asyncio.timeout(PATIENCE):
            while len(shown) < 3:
                await asyncio.sleep(0.02)
        session.pause()
        return shown

    shown = asyncio.run(play())
    assert shown == sorted(set(shown))
