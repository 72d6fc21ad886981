"""A download is right or absent, whatever the server does (RELIABILITY.md, M5)."""

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from functools import partial

import pytest
from weights_server import ETAG, honest, serving

from eyespot import files
from eyespot.errors import EyespotError, InputError, IntegrityError, MissingWeightsError
from eyespot.weights import download

CONTENT = random.Random(0).randbytes(300_000)
OTHER = random.Random(1).randbytes(300_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
STALL_S = 0.4
RIGHT = None  # else: the error that is raised

quick = partial(download.fetch, stall_s=STALL_S, pause_s=0.001, size_limit=1_000_000)


def cut_once(handler, content, number):
    honest(handler, content, number, until=None if number else 200_000)


def cut_three_times(handler, content, number):
    honest(handler, content, number, until=[70_000, 140_000, 210_000, None][number])


def cut_before_anything(handler, content, number):
    honest(handler, content, number, until=0)


def answer_a_range_with_everything(handler, content, number):
    if number == 0:
        honest(handler, content, number, until=100_000)
        return
    handler.start(200, {"ETag": ETAG, "Content-Length": len(content)})
    handler.send(content)


def wrong_range(handler, content, number, *, answer):
    """The second request is answered with another range than was asked for, the third well."""
    if number != 1:
        honest(handler, content, number, until=None if number else 100_000)
        return
    handler.start(206, {"ETag": ETAG, "Content-Length": 200_000} | answer)
    handler.send(content[50_000:250_000])


def short_ranges(handler, content, number):
    """Of each range only 100,000 bytes are given, honestly marked."""
    start = handler.offset
    span = f"bytes {start}-{start + 99_999}/{len(content)}"
    handler.start(206, {"ETag": ETAG, "Content-Length": 100_000, "Content-Range": span})
    handler.send(content[start : start + 100_000])


def another_version_begins(handler, content, number):
    """The first request meets the other version; `If-Range` then asks for the whole new one."""
    if number == 0:
        handler.start(200, {"ETag": '"version-0"', "Content-Length": len(OTHER)})
        handler.send(OTHER[:150_000])
    else:
        honest(handler, content, number)


def another_version_goes_on(handler, content, number, *, headers):
    """A range of the new version is pasted onto the old one, whatever `If-Range` says."""
    start = int(handler.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
    if number == 0:
        handler.start(200, {"ETag": '"version-0"', "Content-Length": len(OTHER)})
        handler.send(OTHER[:150_000])
    elif start:
        span = f"bytes {start}-{len(content) - 1}/{len(content)}"
        length = len(content) - start
        handler.start(206, {"Content-Range": span, "Content-Length": length} | headers)
        handler.send(content[start:])
    else:
        honest(handler, content, number)


def length(handler, content, number, *, claimed):
    if handler.offset:
        honest(handler, content, number)
        return
    handler.start(200, {"ETag": ETAG, "Content-Length": claimed})
    handler.send(content)


def no_length(handler, content, _number):
    handler.start(200, {})
    handler.send(content)


def chunked(handler, content, number, *, is_cut=False):
    if number and is_cut:
        honest(handler, content, number)
        return
    handler.start(200, {"Transfer-Encoding": "chunked"})
    for start in range(0, 100_000 if is_cut else len(content), 50_000):
        handler.send(b"c350\r\n" + content[start : start + 50_000] + b"\r\n")  # 0xc350 = 50,000
    if not is_cut:
        handler.send(b"0\r\n\r\n")


def one_bit_off(handler, content, _number):
    handler.start(200, {"Content-Length": len(content)})
    handler.send(content[:123_456] + bytes([content[123_456] ^ 1]) + content[123_457:])


def drip(handler, content, _number, *, header=False, after=0):
    """One byte every 20 ms, for ever: in the header or, `after` some bytes, in the body."""
    if header:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    else:
        handler.start(200, {"ETag": ETAG, "Content-Length": len(content)})
        handler.send(content[:after])
    while True:
        handler.send(b"x")
        time.sleep(0.02)


def drip_chunk_size(handler, _content, _number):
    handler.start(200, {"Transfer-Encoding": "chunked"})
    while True:
        handler.send(b"0")
        time.sleep(0.02)


def silence(handler, content, _number, *, after=None):
    if after is not None:
        handler.start(200, {"ETag": ETAG, "Content-Length": len(content)})
        handler.send(content[:after])
    time.sleep(STALL_S * 5)


def status(handler, content, number, *, code, times=10**9):
    if number < times:
        handler.start(code, {"Content-Length": 0})
    else:
        honest(handler, content, number)


def redirect(handler, content, number, *, to):
    if handler.path == "/there":
        honest(handler, content, number)
    else:
        port = handler.server.server_address[1]
        handler.start(302, {"Location": to.format(port=port), "Content-Length": 0})


def endless(handler, content, _number):
    handler.start(200, {})
    while True:
        handler.send(content)


def garbage(handler, content, _number):
    handler.send(b"\x00\xff not HTTP at all" + content[:5000])


def huge_header(handler, _content, _number):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"X: " + b"a" * 200_000 + b"\r\n\r\n")


def many_headers(handler, _content, _number):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 10_000 + b"\r\n")


def encoded(handler, content, _number):
    handler.start(200, {"Content-Encoding": "gzip", "Content-Length": len(OTHER)})
    handler.send(OTHER)


def hang_up(handler, content, number):
    if number:
        honest(handler, content, number)


MISSING, WRONG, REFUSED = MissingWeightsError, IntegrityError, InputError
# behaviour, outcome
BEHAVIOURS = {
    "serves well": (honest, RIGHT),
    "cuts once": (cut_once, RIGHT),
    "cuts three times": (cut_three_times, RIGHT),
    "cuts before anything": (cut_before_anything, MISSING),
    "answers a range with everything": (answer_a_range_with_everything, RIGHT),
    "sends a wrong offset": (
        partial(wrong_range, answer={"Content-Range": "bytes 50000-249999/300000"}), RIGHT,
    ),
    "sends a range without saying which": (partial(wrong_range, answer={}), RIGHT),
    "sends a range that is no number": (
        partial(wrong_range, answer={"Content-Range": "bytes " + "9" * 5000 + "-1/1"}), RIGHT,
    ),
    "sends short ranges": (short_ranges, RIGHT),
    "has a new version": (another_version_begins, RIGHT),
    "pastes a new version": (
        partial(another_version_goes_on, headers={"ETag": ETAG}), RIGHT,
    ),
    "pastes a new version without a word": (partial(another_version_goes_on, headers={}), RIGHT),
    "claims too many bytes": (partial(length, claimed=300_100), RIGHT),
    "claims too few bytes": (partial(length, claimed=299_000), WRONG),
    "claims a negative length": (partial(length, claimed=-5), RIGHT),
    "claims a length that is no number": (partial(length, claimed="many"), RIGHT),
    "claims more than the limit": (partial(length, claimed=1_000_001), REFUSED),
    "claims no length": (no_length, RIGHT),
    "sends chunks": (chunked, RIGHT),
    "cuts between chunks": (partial(chunked, is_cut=True), RIGHT),
    "sends other bytes": (lambda handler, _content, number: honest(handler, OTHER, number), WRONG),
    "flips a bit": (one_bit_off, WRONG),
    "sends nothing": (partial(status, code=200), WRONG),
    "sends a compressed file": (encoded, WRONG),
    "drips its header": (partial(drip, header=True), MISSING),
    "drips its body": (drip, MISSING),
    "drips after half": (partial(drip, after=150_000), MISSING),
    "drips a chunk's size": (drip_chunk_size, MISSING),
    "is silent": (silence, MISSING),
    "falls silent": (partial(silence, after=150_000), MISSING),
    "hangs up once": (hang_up, RIGHT),
    "fails three times": (partial(status, code=503, times=3), RIGHT),
    "fails always": (partial(status, code=500), MISSING),
    "is too busy once": (partial(status, code=429, times=1), RIGHT),
    "has no such file": (partial(status, code=404), MISSING),
    "forbids it": (partial(status, code=403), MISSING),
    "never has the range": (partial(status, code=416), MISSING),
    "answers an unknown status": (partial(status, code=599), MISSING),
    "redirects to another host": (partial(redirect, to="http://localhost:{port}/there"), RIGHT),
    "redirects to a file": (partial(redirect, to="file:///etc/passwd"), MISSING),
    "redirects to ftp": (partial(redirect, to="ftp://localhost/x"), REFUSED),
    "redirects to https": (partial(redirect, to="https://localhost:{port}/there"), REFUSED),
    "redirects for ever": (partial(redirect, to="http://127.0.0.1:{port}/again"), MISSING),
    "never ends": (endless, REFUSED),
    "does not speak HTTP": (garbage, MISSING),
    "sends a huge header": (huge_header, MISSING),
    "sends many headers": (many_headers, MISSING),
}  # fmt: skip


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_the_file_is_right_or_absent_when_the_server(name, tmp_path):
    behaviour, error = BEHAVIOURS[name]
    target = tmp_path / "weights.pth"
    started = time.monotonic()
    with serving(CONTENT, behaviour) as server:
        if error is RIGHT:
            assert quick(server.url, target, sha256_prefix=SHA256[:8]) == SHA256
            assert target.read_bytes() == CONTENT
            assert not list(tmp_path.glob("*.part*"))
        else:
            with pytest.raises(EyespotError) as caught:
                quick(server.url, target, sha256_prefix=SHA256[:8])
            assert type(caught.value) is error
            assert "\n" not in str(caught.value)
            assert not target.exists()
    assert time.monotonic() - started < STALL_S * 5 + 3


def test_a_cut_download_goes_on_where_it_ended(tmp_path):
    target = tmp_path / "weights.pth"
    with serving(CONTENT, cut_three_times) as server:
        quick(server.url, target, sha256=SHA256)
    assert [r.get("Range") for r in server.requests] == [
        None, "bytes=70000-", "bytes=140000-", "bytes=210000-",
    ]  # fmt: skip
    assert all(request["If-Range"] == ETAG for request in server.requests[1:])
    assert server.sent == len(CONTENT)


def test_after_a_stall_the_next_call_goes_on(tmp_path):
    target = tmp_path / "weights.pth"
    with serving(CONTENT, partial(silence, after=150_000)) as server:
        with pytest.raises(MissingWeightsError, match="150,000 bytes are kept"):
            quick(server.url, target, sha256=SHA256)
        server.behaviour = honest
        quick(server.url, target, sha256=SHA256)
    assert server.sent == len(CONTENT)


def test_a_refusal_is_not_asked_again(tmp_path):
    refusing = serving(CONTENT, partial(status, code=404))
    with refusing as server, pytest.raises(MissingWeightsError, match="404 Not Found"):
        quick(server.url, tmp_path / "weights.pth")
    assert len(server.requests) == 1


def test_kill_9_midway_leaves_no_file_and_the_next_call_resumes(tmp_path):
    target = tmp_path / "weights.pth"
    half = partial(silence, after=200_000)
    with serving(CONTENT, half) as server:
        child = _child(f"fetch({server.url!r}, Path({str(target)!r}), sha256={SHA256!r})")
        server.wait_for(200_000)
        _until(lambda: _size(tmp_path / "weights.pth.part") == 200_000)
        child.send_signal(signal.SIGKILL)
        child.wait()
        assert not target.exists()
        server.behaviour = honest
        server.sent = 0
        quick(server.url, target, sha256=SHA256)
        assert server.sent <= 100_000 * 1.05
    assert files.sha256(target) == SHA256


def test_two_processes_at_once_give_one_right_file(tmp_path):
    target = tmp_path / "weights.pth"

    def slow(handler, content, number):
        time.sleep(0.3)
        honest(handler, content, number)

    with serving(CONTENT, slow) as server:
        call = f"fetch({server.url!r}, Path({str(target)!r}), sha256={SHA256!r})"
        children = [_child(call) for _ in range(2)]
        assert [child.wait(30) for child in children] == [0, 0]
    assert files.sha256(target) == SHA256
    assert len(server.requests) == 1  # the second waited, and found the file


def test_a_full_disk_is_told_before_a_byte_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "free_space", lambda _path: 1000)
    with serving(CONTENT) as server, pytest.raises(EyespotError, match="300,000 bytes needed"):
        quick(server.url, tmp_path / "weights.pth", sha256=SHA256)
    assert not list(tmp_path.glob("*.pth"))


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are POSIX's")
def test_a_disk_that_fills_midway_is_an_error_with_the_path_and_then_resumes(tmp_path):
    target = tmp_path / "weights.pth"
    with serving(CONTENT) as server:
        child = _child(
            "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000));"
            f"fetch({server.url!r}, Path({str(target)!r}), sha256={SHA256!r})"
        )
        _, message = child.communicate(timeout=30)
        assert child.returncode == 1
        assert f"EyespotError: {target}.part cannot be written: File too large" in message
        assert not target.exists()
        server.sent = 0
        quick(server.url, target, sha256=SHA256)
    assert server.sent == len(CONTENT) - 100_000
    assert files.sha256(target) == SHA256


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://localhost/x", "weights.pth", "data:,x"]
)
def test_only_http_is_fetched(url, tmp_path):
    with pytest.raises(InputError, match="not an http or https address"):
        quick(url, tmp_path / "weights.pth")


def test_progress_counts_up_to_the_whole_file(tmp_path):
    seen = []
    with serving(CONTENT, cut_once) as server:
        quick(server.url, tmp_path / "w", sha256=SHA256, progress=lambda *at: seen.append(at))
    assert seen == sorted(seen)
    assert seen[-1] == (300_000, 300_000)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that nobody trusts, with its key, in one PEM file."""
    if shutil.which("openssl") is None:
        pytest.skip("the openssl command is not here to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    words = [
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    words += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "only.pem"]
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_text((folder / "key.pem").read_text() + (folder / "only.pem").read_text())
    return both


def test_an_untrusted_certificate_is_named_and_not_tried_again(certificate, tmp_path):
    untrusted = serving(CONTENT, certificate=certificate)
    with untrusted as server, pytest.raises(MissingWeightsError, match="not trusted here"):
        quick(server.url, tmp_path / "w", sha256=SHA256, pause_s=100)


def test_over_tls_the_file_is_right_and_a_stall_ends(certificate, tmp_path, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with serving(CONTENT, certificate=certificate) as server:
        assert quick(server.url, tmp_path / "w", sha256=SHA256) == SHA256
    for behaviour in (drip, partial(drip, header=True), partial(silence, after=150_000)):
        started = time.monotonic()
        with serving(CONTENT, behaviour, certificate=certificate) as server:
            with pytest.raises(MissingWeightsError, match=r"for 0\.4 s|timed out"):
                quick(server.url, tmp_path / "other", sha256=SHA256)
            assert time.monotonic() - started < 3


def test_an_unknown_host_ends_at_once(tmp_path):
    with pytest.raises(MissingWeightsError, match="no network, or no such host"):
        quick("http://no-such-host.invalid/w", tmp_path / "w", pause_s=100)


@pytest.mark.slow
def test_200_random_downloads_are_right_and_send_little_twice(tmp_path):
    generator = random.Random(2)
    for run in range(200):
        cuts = sorted(generator.sample(range(1, len(CONTENT)), generator.randrange(4)))

        def cutting(handler, content, number, cuts=cuts):
            honest(handler, content, number, until=cuts[number] if number < len(cuts) else None)

        target = tmp_path / str(run)
        with serving(CONTENT, cutting) as server:
            quick(server.url, target, sha256=SHA256)
        assert files.sha256(target) == SHA256
        assert server.sent <= len(CONTENT) * 1.05


def _child(call: str) -> subprocess.Popen:
    code = f"from pathlib import Path; from eyespot.weights.download import fetch; {call}"
    environment = os.environ | {"NO_PROXY": "127.0.0.1"}
    return subprocess.Popen(
        [sys.executable, "-c", code], env=environment, stderr=subprocess.PIPE, text=True
    )


def _size(path):
    return path.stat().st_size if path.exists() else 0


def _until(condition) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
