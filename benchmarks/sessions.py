"""Many sessions on one server: twenty that play, and two hundred that come and go.

Of the twenty, one is pressed and timed. The others are first connections that take their frames, as
of people whose browsers are elsewhere, then pages which this machine draws as well. The two hundred
are pages. Run it with ``python benchmarks/sessions.py``.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from live import answers
from serving import browser, opened, press, resident_bytes, served

PLAYING = 20
PLAYING_APP = Path(__file__).parent / "apps" / "playing.py"
VISITS = 200
FIRST_VISITS = 20
MEGABYTE = 2**20


def play_together() -> None:
    """Measure the memory of a session, and a click's answer while all of them play."""
    with (
        served("apps/main.py", str(PLAYING_APP)) as (url, process),
        browser() as chromium,
    ):
        first = opened(chromium, url)
        before = resident_bytes(process)
        with viewers(url.replace("/main", "/playing"), PLAYING - 1):
            each = (resident_bytes(process) - before) / (PLAYING - 1) / MEGABYTE
            print(f"memory of a session: {each:.1f} MB")
            print(f"{PLAYING} play, one of them drawn here: {answers(first)}")


def play_and_draw_together() -> None:
    """Measure a click's answer while one browser draws all of the pages beside the server."""
    with served("apps/main.py") as (url, _), browser() as chromium:
        first, *others = [opened(chromium, url) for _ in range(PLAYING)]
        for page in others:
            press(page, "Play")
        first.bring_to_front()
        print(f"{PLAYING} play, all of them drawn here: {answers(first)}")


@contextmanager
def viewers(url: str, count: int) -> Iterator[None]:
    """Have sessions of which only the connection is here."""
    command = [sys.executable, str(Path(__file__).with_name("viewers.py")), url, str(count)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        if process.stdout.readline().strip() != "ready":
            raise ConnectionError("not all sessions could be opened")
        yield
        print(process.communicate()[0].strip())
        if process.returncode:
            raise ConnectionError("not all sessions went on to the end")


def come_and_go() -> None:
    """Measure what visits leave in the server's memory."""
    with (
        served(
            "apps/main.py", "--check-unused-sessions", "500", "--unused-session-lifetime", "500"
        ) as (url, process),
        browser() as chromium,
    ):
        for visit in range(1, VISITS + 1):
            opened(chromium, url).close()
            if visit == FIRST_VISITS:
                early = resident_bytes(process)
        late = resident_bytes(process)
    print(f"memory after {FIRST_VISITS} visits: {early / MEGABYTE:.0f} MB")
    print(f"memory after {VISITS} visits: {late / MEGABYTE:.0f} MB, {late / early - 1:+.1%}")


def main() -> None:
    """Measure and print."""
    come_and_go()
    play_together()
    play_and_draw_together()


if __name__ == "__main__":
    main()
