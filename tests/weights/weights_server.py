"""A local HTTP server that serves one file, as well or as badly as a test wishes.

    with serving(content, behaviour) as server:
        fetch(server.url, target, ...)

A behaviour is called for each request with (handler, content, number of the request from 0).
"""

import contextlib
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ETAG = '"version-1"'


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        number = len(self.server.requests)
        self.server.requests.append(dict(self.headers))
        self.close_connection = True
        with contextlib.suppress(ConnectionError):
            self.server.behaviour(self, self.server.content, number)

    def start(self, status: int, headers: dict[str, str | int]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, str(value))
        self.end_headers()

    def send(self, body: bytes) -> None:
        self.wfile.write(body)
        self.wfile.flush()
        self.server.sent += len(body)

    @property
    def offset(self) -> int:
        """First byte asked for; 0 without a Range, or for another version."""
        if self.headers.get("If-Range", ETAG) != ETAG:
            return 0
        return int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))

    def log_message(self, *_words) -> None:
        """Quiet."""


Behaviour = Callable[[Handler, bytes, int], None]


def honest(handler: Handler, content: bytes, _number: int, *, until: int | None = None) -> None:
    """What a good server does; `until`: break the connection at that byte of the file."""
    start = handler.offset
    headers = {"ETag": ETAG, "Content-Length": len(content) - start}
    if start >= len(content):
        handler.start(416, {"Content-Range": f"bytes */{len(content)}", "Content-Length": 0})
        return
    if start:
        headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
    handler.start(206 if start else 200, headers)
    handler.send(content[start:until])


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(
        self, content: bytes, behaviour: Behaviour, certificate: Path | None = None
    ) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.behaviour = content, behaviour
        self.scheme = "http" if certificate is None else "https"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )
        self.requests: list[dict[str, str]] = []
        self.sent = 0  # bytes of bodies

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_address[1]}/weights.pth"

    def handle_error(self, *_words) -> None:
        """Quiet: a client that hangs up is what some tests are about."""

    def wait_for(self, sent: int) -> None:
        """Until that many bytes have been sent. Raises after 20 seconds."""
        deadline = time.monotonic() + 20
        while self.sent < sent:
            assert time.monotonic() < deadline, f"only {self.sent} bytes were sent"
            time.sleep(0.01)


@contextlib.contextmanager
def serving(
    content: bytes, behaviour: Behaviour = honest, *, certificate: Path | None = None
) -> Iterator[Server]:
    """`certificate`: a PEM file with certificate and key, to serve over TLS."""
    server = Server(content, behaviour, certificate)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
