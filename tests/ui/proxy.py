"""A reverse proxy that serves what another server has below a path of its own."""

import re
import socket
import threading
from contextlib import contextmanager, suppress


@contextmanager
def reverse_proxy(port, path):
    """Pass requests below `path` on to a port of this machine, without it; yield the own port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener, port, path), daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def _serve(listener, port, path):
    while True:
        try:
            client, _ = listener.accept()
        except OSError:  # it was closed
            return
        threading.Thread(target=_pass_on, args=(client, port, path), daemon=True).start()


def _pass_on(client, port, path):
    """Pass one request on, and then whatever either side sends."""
    with client, suppress(OSError):
        head = b""
        while b"\r\n\r\n" not in head:
            part = client.recv(1 << 16)
            if not part:
                return
            head += part
        if not head.split(b" ", 1)[1].startswith(path.encode() + b"/"):
            client.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            return
        head = head.replace(b" " + path.encode(), b" ", 1)
        if b"upgrade: websocket" not in head.lower():  # else a further request would follow unread
            head = re.sub(rb"(?i)\r\nconnection: [^\r]*", b"\r\nConnection: close", head)
        with socket.create_connection(("127.0.0.1", port)) as server:
            server.sendall(head)
            upward = threading.Thread(target=_pipe, args=(client, server), daemon=True)
            upward.start()
            _pipe(server, client)
            client.shutdown(socket.SHUT_RD)  # a browser keeps its side open
            upward.join()


def _pipe(source, target):
    with suppress(OSError):
        while part := source.recv(1 << 16):
            target.sendall(part)
        target.shutdown(socket.SHUT_WR)
