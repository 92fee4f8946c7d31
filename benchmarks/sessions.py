"""Many sessions on one server: twenty that play, and two hundred that come and go.

Each session is a page in the browser. Of the twenty, one page is pressed and timed. Run it with
``python benchmarks/sessions.py``.
"""

from __future__ import annotations

import numpy as np
from live import answer
from serving import browser, opened, press, resident_bytes, served

PLAYING = 20
CLICKS = 20
VISITS = 200
FIRST_VISITS = 20
MEGABYTE = 2**20


def play_together() -> None:
    """Measure the memory of a session, and a click's answer while all of them play."""
    with served("apps/main.py") as (url, process), browser() as chromium:
        first = opened(chromium, url)
        before = resident_bytes(process)
        pages = [opened(chromium, url) for _ in range(PLAYING - 1)]
        each = (resident_bytes(process) - before) / (PLAYING - 1) / MEGABYTE
        print(f"memory of a session: {each:.1f} MB")
        for page in pages:
            press(page, "Play")
        first.bring_to_front()
        answers = []
        for _ in range(CLICKS // 2):
            answers.append(answer(first, "Play", "Pause"))
            first.wait_for_timeout(500)
            answers.append(answer(first, "Pause", "Play"))
            first.wait_for_timeout(500)
        p50, p95 = np.quantile(answers, [0.5, 0.95]) * 1000
        print(f"a click's answer with {PLAYING} playing: {p50:.0f} ms, p95 {p95:.0f} ms")


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


if __name__ == "__main__":
    main()
