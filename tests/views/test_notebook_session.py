"""A session without a server, as in a notebook: the running event loop calls it."""

import asyncio
from contextlib import closing

from backprop_panel import TrainingRunManager
from backprop_panel.views.lifecycle import Lifecycle
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


def test_a_workbench_that_is_shown_anew_takes_over_what_the_old_one_plays(tmp_path):
    async def show_again():
        for name in ("a", "b"):
            with closing(TrainingRunManager(tmp_path / name)) as manager:
                manager.create()
        old, new, elsewhere = (
            Session(TrainingRunManager(tmp_path / name)) for name in ("a", "a", "b")
        )
        for session in (old, elsewhere):
            Lifecycle(session).follow_notebook()
            session.toggle_play()
        Lifecycle(new).follow_notebook()
        playing = old.training, elsewhere.training
        new.run_batch()
        assert not new.mistakes
        for session in (old, new, elsewhere):
            session.close()
        return playing

    assert asyncio.run(show_again()) == (False, True)
