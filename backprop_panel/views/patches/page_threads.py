"""Run the callbacks of this package's pages on the server's loop, also with ``--num-threads``.

A callback on the loop holds the lock of its page's document. In one of Panel's threads it holds
neither: two callbacks change the page's models at the same time, and messages refer to models that
the browser does not have. Threads gain these pages nothing: runs are trained in threads of their
own.

Gain: pages work with ``--num-threads``. Without the patch they fail.
Upstream: a document that is excluded from the thread pool.
Without the symbols: no page can be served.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ClassVar
from weakref import WeakSet

import panel as pn
from bokeh.document import Document


class PageThreadPool(ThreadPoolExecutor):
    """Panel's thread pool for all documents but those of `pages`."""

    pages: ClassVar[WeakSet[Document]] = WeakSet()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call `fn` in a thread; for one of `pages`, call it now."""
        documents = (item for item in (pn.state.curdoc, *args) if isinstance(item, Document))
        if not any(document in self.pages for document in documents):
            return super().submit(fn, *args, **kwargs)
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def run_on_loop(page: Document) -> None:
    """Run the callbacks of a page on the server's loop, with or without a thread pool."""
    PageThreadPool.pages.add(page)
    pool = pn.state._thread_pool
    if pool is not None and not isinstance(pool, PageThreadPool):
        pn.state._thread_pool = PageThreadPool(pool._max_workers)
        pool.shutdown(wait=False)
