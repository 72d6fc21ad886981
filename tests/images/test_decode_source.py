"""A path that is not a readable photo file ends in one sentence, at once."""

import os
import socket
import sys
from pathlib import Path

import picture_corpus as corpus
import pytest

from eyespot.errors import ImageError
from eyespot.images.decode import decode
from eyespot.images.source import FILE_LIMIT, file_bytes

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX files")


def reason(path) -> str:
    with pytest.raises(ImageError) as refusal:
        decode(path)
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


def test_what_is_no_file_is_named(tmp_path):
    folder = tmp_path / "x.jpg"
    folder.mkdir()
    assert reason(folder) == "a folder, not a photo"
    assert "no such file" in reason(tmp_path / "absent.jpg")
    assert "no such file" in reason(tmp_path / "absent.jpg" / "below.jpg")
    pipe = tmp_path / "pipe.jpg"
    os.mkfifo(pipe)
    assert reason(pipe) == "a pipe, not a file"
    assert reason(Path(os.devnull)) == "a device, not a file"


def test_a_socket_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a socket's path is short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("s.jpg")
        assert reason(tmp_path / "s.jpg") == "a socket, not a file"


def test_links_are_followed_and_broken_ones_named(tmp_path):
    photo = tmp_path / "photo.png"
    photo.write_bytes(corpus.saved("PNG"))
    link = tmp_path / "link.png"
    link.symlink_to(photo)
    assert decode(link).width == 80
    photo.unlink()
    assert "broken link" in reason(link)
    loop = tmp_path / "loop.png"
    loop.symlink_to(loop)
    assert "link" in reason(loop)


def test_names_that_no_file_can_have_are_refused(tmp_path):
    assert "name" in reason(tmp_path / "a\0b.jpg")
    assert "too long" in reason(tmp_path / ("x" * 300))


def test_a_file_without_permission_is_named(tmp_path):
    photo = tmp_path / "photo.png"
    photo.write_bytes(corpus.saved("PNG"))
    photo.chmod(0)
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    assert "permissions" in reason(photo)


def test_a_sparse_file_of_ten_gigabytes_is_refused_unread(tmp_path):
    sparse = tmp_path / "large.jpg"
    with sparse.open("wb") as file:
        file.truncate(10_000_000_000)
    assert reason(sparse) == "its 10,000 MB are more than a photo has: the limit is 200 MB"


def test_a_file_is_read_whole_up_to_the_limit(tmp_path):
    file = tmp_path / "x"
    file.write_bytes(b"12345")
    assert file_bytes(file, file_limit=5) == b"12345"
    with pytest.raises(ImageError, match="limit"):
        file_bytes(file, file_limit=4)
    assert FILE_LIMIT >= 3 * 64_000_000


def test_a_name_that_is_no_utf_8_is_read(tmp_path):
    path = tmp_path / os.fsdecode(b"\xff\xfe.png")
    try:
        path.write_bytes(corpus.saved("PNG"))
    except OSError:
        pytest.skip("this file system wants UTF-8 names")
    assert decode(path).width == 80
