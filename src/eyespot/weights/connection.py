"""HTTP that cannot hang: an opener without surprises, and a watch that ends a stalled connection.

A socket's timeout starts anew with every byte, so a server that sends one byte a second holds a
reader for days. The watch looks at the bytes of the last `stall_s` seconds instead.
"""

from __future__ import annotations

import http.client
import socket
import threading
import time
import urllib.request
from collections import deque
from contextlib import suppress
from types import TracebackType
from typing import IO
from urllib.parse import urlsplit

from eyespot.errors import InputError

SLOWEST = 1024  # bytes a second; below it a connection counts as stalled


class StalledError(Exception):
    """Fewer than `SLOWEST` bytes a second came for `stall_s` seconds."""


class Watch:
    """Ends the connections given to `hold` when too little of what `count` is told arrives."""

    def __init__(self, stall_s: float) -> None:
        self.stall_s = stall_s
        self._received = 0
        self._sockets: list[socket.socket] = []
        self._has_stalled = False
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def hold(self, connected: socket.socket) -> None:
        self._sockets.append(connected)

    def count(self, received: int) -> None:
        self._received += received

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end.set()
        self._thread.join()
        if self._has_stalled and (kind is None or issubclass(kind, Exception)):
            raise StalledError(f"almost nothing came for {self.stall_s:g} s") from error

    def _run(self) -> None:
        seen = deque([(time.monotonic(), 0)])  # (when, bytes until then), oldest first
        while not self._end.wait(self.stall_s / 20):
            now = time.monotonic()
            seen.append((now, self._received))
            while now - seen[1][0] >= self.stall_s:
                seen.popleft()
            started, before = seen[0]
            too_few = self._received - before < SLOWEST * self.stall_s
            if now - started >= self.stall_s and too_few:
                self._has_stalled = True
                for connected in self._sockets:
                    with suppress(OSError):  # the plain one, also under TLS: the reader wakes
                        socket.socket.shutdown(connected, socket.SHUT_RDWR)
                return


def opener(watch: Watch) -> urllib.request.OpenerDirector:
    """HTTP and HTTPS through the system's proxies; no other scheme, a redirect keeps its own."""

    class Plain(http.client.HTTPConnection):
        def connect(self) -> None:
            super().connect()
            watch.hold(self.sock)

    class Secure(http.client.HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            watch.hold(self.sock)

    class PlainHandler(urllib.request.HTTPHandler):
        def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(Plain, req)

    class SecureHandler(urllib.request.HTTPSHandler):
        def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(Secure, req)

    director = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        PlainHandler(),
        SecureHandler(),
        _Redirects(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(),
    ):
        director.add_handler(handler)
    return director


class _Redirects(urllib.request.HTTPRedirectHandler):
    max_redirections = 5

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        if urlsplit(newurl).scheme != urlsplit(req.full_url).scheme:
            raise InputError(
                f"{req.full_url} redirects to {newurl[:200]!r}, which is not of the same scheme: "
                "that is not followed."
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)
