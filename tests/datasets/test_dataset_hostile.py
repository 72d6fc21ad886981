"""Archives and pickles made to do harm do none: nothing runs, nothing is written, all is refused.

Bar M7 for CIFAR's archives, and M1 for the pickles of its Python version.
"""

import gzip
import os
import pickle
import struct
import sys
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from published import binary, colour, python2, python_batch

from eyespot.datasets.catalogue import find_photos, open_dataset
from eyespot.errors import InputError

BATCH = binary(colour(2), [1, 2])
FOLDER = "cifar-10-batches-bin"
SECONDS, MEMORY = 5, 200_000_000  # the bar
EVENTS: list[str] = []
FORBIDDEN = {
    "pickle.find_class",
    "os.system",
    "subprocess.Popen",
    "exec",
    "compile",
    "socket.connect",
}
WATCHED = False


def watch(event: str, arguments: tuple[object, ...]) -> None:
    if WATCHED and (
        event in FORBIDDEN or (event == "open" and arguments[1] not in ("r", "rb", None))
    ):
        EVENTS.append(f"{event} {arguments}")


sys.addaudithook(watch)  # cannot be taken off again; it is quiet outside of `refused`


@pytest.fixture
def refused(tmp_path, monkeypatch) -> Iterator[Callable[..., str]]:
    """A function that opens a source under watch, and gives the one sentence that refuses it."""
    monkeypatch.chdir(tmp_path)

    def look(source: Path, *, memory: bool = True) -> str:
        global WATCHED
        before = tree(tmp_path)
        EVENTS.clear()
        if memory:  # slows down what makes many small objects
            tracemalloc.start()
        WATCHED = True
        began = time.perf_counter()
        try:
            with pytest.raises(InputError) as error:
                open_dataset(source)
        finally:
            WATCHED = False
            seconds = time.perf_counter() - began
            peak = tracemalloc.get_traced_memory()[1] if memory else 0
            tracemalloc.stop()
        assert seconds < SECONDS
        assert peak < MEMORY
        assert EVENTS == []
        assert tree(tmp_path) == before
        message = str(error.value)
        assert source.name in message
        assert "\n" not in message
        assert len(message) < 600
        return message

    yield look


def tree(folder: Path) -> list[tuple[str, int]]:
    """Every name below, links not followed, with its size."""
    return sorted((str(path), path.lstat().st_size) for path in folder.rglob("*"))


# ---------------------------------------------------------------- archives


def header(name: bytes, size: int | bytes = 0, kind: bytes = b"0", link: bytes = b"") -> bytes:
    """One block as ustar has it, whatever is said in it, with a right sum."""
    block = bytearray(512)
    block[: min(100, len(name))] = name[:100]
    block[100:108] = b"0006777\0"  # set-user-id and all
    block[124:136] = size if isinstance(size, bytes) else b"%011o\0" % size
    block[156:157] = kind
    block[157 : 157 + min(100, len(link))] = link[:100]
    block[257:265] = b"ustar\x0000"
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def stored(name: str | bytes, content: bytes = b"", **other: bytes) -> bytes:
    encoded = name if isinstance(name, bytes) else name.encode("utf-8", "surrogateescape")
    return header(encoded, len(content), **other) + content + bytes(-len(content) % 512)


END = bytes(1024)
GOOD = stored(f"{FOLDER}/data_batch_1.bin", BATCH)


def archive(folder: Path, *blocks: bytes) -> Path:
    path = folder / "cifar-10-binary.tar.gz"
    path.write_bytes(gzip.compress(b"".join([*blocks, END]), mtime=0))
    return path


NAMES = [
    "../data_batch_2.bin", "a/../../data_batch_2.bin", "..", "a/..", "./../x", "/etc/cron.d/x",
    "/data_batch_2.bin", "//x", "C:/x", "C:\\x", "..\\x", "a\\b", "a//b", "", "a\x01b", "a\x7fb",
    "caf\udce9", "\u202egpj.exe", "a\nb", "x:stream", "///", "a/./../../b",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", [b"0", b"5"])
def test_a_name_that_leads_out_or_is_not_plain_is_refused(tmp_path, refused, name, kind):
    message = refused(archive(tmp_path, GOOD, stored(name, kind=kind)))
    assert "no published archive does, and it is not read" in message


KINDS = [b"1", b"2", b"3", b"4", b"6", b"7", b"K", b"L", b"S", b"D", b"\xff"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["link", f"{FOLDER}/data_batch_1.bin"])
def test_links_devices_pipes_and_other_kinds_are_refused(tmp_path, refused, kind, name):
    target = stored(name, kind=kind, link=b"/etc/passwd")
    assert "no published archive does" in refused(archive(tmp_path, target, GOOD))


def test_a_link_to_a_folder_and_a_file_through_it_are_refused(tmp_path, refused):
    through = stored("outside/data_batch_1.bin", BATCH)
    link = stored("outside", kind=b"2", link=str(tmp_path).encode())
    assert "a symbolic link" in refused(archive(tmp_path, link, through))
    hard = stored("x", kind=b"1", link=b"outside/data_batch_1.bin")  # CVE-2026-11940
    assert "a hard link" in refused(archive(tmp_path, hard, link, through))


def test_a_path_longer_than_any_system_allows_is_refused(tmp_path, refused):
    deep = stored("/".join(["d" * 10] * 9), kind=b"5")  # CVE-2025-4517 begins so
    long = stored("././@LongLink", b"a/" * 4000 + b"b\0", kind=b"L")
    assert "a name of over 100 letters" in refused(archive(tmp_path, deep, long, GOOD))


@pytest.mark.parametrize(
    "second", [f"{FOLDER}/data_batch_1.bin", "other/data_batch_1.bin", "x", "x/"]
)
def test_the_same_file_twice_is_refused(tmp_path, refused, second):
    first = GOOD if "batch" in second else stored("x", b"1") + GOOD
    assert "a second time" in refused(archive(tmp_path, first, stored(second, BATCH)))


def test_names_that_differ_in_capitals_are_other_files_and_left_out(tmp_path):
    dataset = open_dataset(archive(tmp_path, GOOD, stored(f"{FOLDER}/DATA_BATCH_1.BIN", b"evil")))
    assert len(dataset) == 2
    assert [item.file for item in dataset.left_out] == [f"{FOLDER}/DATA_BATCH_1.BIN"]


@pytest.mark.parametrize(
    "size",
    [
        b"\x80" + bytes(10) + b"\1",  # base 256, as GNU writes sizes over 8 GB
        b"\xff" * 12,  # the same, below zero: CVE-2025-8194
        b"-0000000001\0",
        b"0x000000400\0",
        b"00000000008\0",
        b"           \0",
        b"\0" * 12,
        b"77777777777\0",  # 8 GB
        b"1_000_000_0\0",
    ],
)
def test_a_size_that_is_none_is_refused(tmp_path, refused, size):
    refused(archive(tmp_path, header(b"x", size), GOOD))
    refused(archive(tmp_path, header(FOLDER.encode() + b"/data_batch_1.bin", size), BATCH))


def test_a_wrong_sum_and_a_block_that_is_no_header_are_refused(tmp_path, refused):
    wrong = bytearray(GOOD)
    wrong[20] ^= 1
    assert "expected the header of a file 0 bytes inside" in refused(
        archive(tmp_path, bytes(wrong))
    )
    message = refused(archive(tmp_path, GOOD, b"#!/bin/sh\n".ljust(512)))
    assert f"a file {len(GOOD):,} bytes inside" in message


def test_a_remark_is_passed_over_and_a_long_one_refused(tmp_path, refused):
    path = b"30 path=../../../etc/passwd\n26 size=9999999999999999\n"
    dataset = open_dataset(archive(tmp_path, stored("PaxHeader/x", path, kind=b"x"), GOOD))
    assert len(dataset) == 2  # what it says of the name and the size is not believed
    long = stored("PaxHeader/x", bytes(100_000), kind=b"g")
    assert "a remark of more than 64 KB" in refused(archive(tmp_path, long, GOOD))


def repeated(block: bytes, times: int) -> bytes:
    """`block` packed once and repeated: gzip allows several files in a row."""
    return gzip.compress(block, mtime=0) * times


def test_a_million_files_are_not_counted_to_the_end(tmp_path, refused):
    many = b"".join(stored(f"{i}") for i in range(10_000))
    path = tmp_path / "cifar-10-binary.tar.gz"
    path.write_bytes(repeated(many, 100))  # half a gigabyte of headers
    assert "holds more than 200 files" in refused(path)
    plain = tmp_path / "cifar-10-binary.tar"
    plain.write_bytes(many + END)
    assert "holds more than 200 files" in refused(plain)


@pytest.mark.parametrize(
    "name", ["data_batch_1.bin", "readme.html", "unknown", "._data_batch_1.bin"]
)
def test_a_file_of_ten_gigabytes_of_zeros_is_not_unpacked(tmp_path, refused, name):
    path = tmp_path / "cifar-10-binary.tar.gz"
    declared = header(f"{FOLDER}/{name}".encode(), 8**11 - 512)
    path.write_bytes(gzip.compress(declared) + repeated(bytes(10_000_000), 850))
    refused(path)


def test_a_bomb_after_the_end_is_not_unpacked(tmp_path, refused):
    path = tmp_path / "cifar-10-binary.tar.gz"
    path.write_bytes(gzip.compress(GOOD + END) + repeated(bytes(10_000_000), 1000))
    assert "goes on after its own end" in refused(path)


@pytest.mark.slow
def test_the_most_that_an_archive_may_hold_is_passed_over_in_time(tmp_path, refused):
    """Files that are no part of the data set, just within the limit of 400 MB, and one more."""
    size = 512 * 390_000  # 199,680,000 bytes
    path = tmp_path / "cifar-10-binary.tar.gz"
    members = [
        gzip.compress(header(name, size)) + gzip.compress(bytes(size)) for name in (b"0", b"1")
    ]
    path.write_bytes(b"".join([*members, gzip.compress(header(b"2", 640_001))]))
    assert "2, with all before it over 400,000,000 bytes" in refused(path)


def test_a_stream_that_is_no_gzip_behind_its_first_bytes_is_refused(tmp_path, refused):
    path = tmp_path / "cifar-10-binary.tar.gz"
    for content in (
        b"\x1f\x8b",
        b"\x1f\x8b\x08\x00" + bytes(6),
        b"\x1f\x8b\x08\xff" + bytes(600),
        b"\x1f\x8b\x07\x00" + bytes(600),
        gzip.compress(GOOD + END)[:-8] + struct.pack("<II", 0, 0),
        gzip.compress(GOOD + END) + b"garbage",
        b"\x1f\x8b\x08\x00" + bytes(6) + zlib.compress(GOOD),
    ):
        path.write_bytes(content)
        refused(path)


def test_to_predict_a_hostile_archive_is_one_file_with_a_reason(tmp_path):
    photos, left_out = find_photos([archive(tmp_path, stored("../x"))])
    assert photos == ()
    assert "a path that leads out of it" in left_out[0].reason


# ---------------------------------------------------------------- pickles


class Reduced:
    """What pickle is asked to call."""

    def __init__(self, function: object, *arguments: object) -> None:
        self.made = function, arguments

    def __reduce__(self) -> object:
        return self.made


def calls(canary: Path) -> dict[str, bytes]:
    """Pickles that would make a file called `canary`, each by another way, and what is near it."""
    run = f"open({str(canary)!r}, 'w').close()"
    touch = f"touch {canary}"
    text = b"U" + bytes([len(touch)]) + touch.encode()
    code = b"U" + bytes([len(run)]) + run.encode()
    start = b"\x80\x02"
    system, evaluate = b"cos\nsystem\n", b"c__builtin__\neval\n"
    array = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
    whole = python_batch(colour(1), [0])
    return {
        "reduce": start + system + text + b"\x85R.",
        "reduce in a list": start + b"](" + system + text + b"\x85Re.",
        "reduce as a key": start + b"}" + system + text + b"\x85RK\x01s.",
        "reduce as the pixels": start + b"}U\x04data" + system + text + b"\x85Rs.",
        "reduce, then thrown away": start + system + text + b"\x85R0}.",
        "reduce behind a whole batch": whole[:-1] + system + text + b"\x85R.",
        "after the end": whole + system + text + b"\x85R.",
        "eval": start + evaluate + code + b"\x85R.",
        "eval of Python 3": start + b"cbuiltins\neval\n" + code + b"\x85R.",
        "exec": start + b"cbuiltins\nexec\n" + code + b"\x85R.",
        "import": start + b"cbuiltins\n__import__\nU\x02os\x85R.",
        "getattr": start + b"cbuiltins\ngetattr\n(cos\n__dict__\nU\x06systemtR.",
        "resolve_name": start + b"cpkgutil\nresolve_name\nU\tos:system\x85R.",
        "posix": start + b"cposix\nsystem\n" + text + b"\x85R.",
        "nt": start + b"cnt\nsystem\n" + text + b"\x85R.",
        "subprocess": start + b"csubprocess\nPopen\n" + text + b"\x85R.",
        "runpy": start + b"crunpy\n_run_code\n" + code + b"}\x86R.",
        "numpy's load": start + b"cnumpy\nload\nU\x01x\x85R.",
        "runstring": start + b"cnumpy.testing._private.utils\nrunstring\n" + code + b"}\x86R.",
        "numpy's fromfile": start + b"cnumpy\nfromfile\nU\x01x\x85R.",
        "numpy's scalar": start + b"cnumpy.core.multiarray\nscalar\nU\x01x\x85R.",
        "torch": start + b"ctorch.jit\nload\nU\x01x\x85R.",
        "codecs": start + b"c_codecs\nencode\nU\x01xU\x06latin1\x86R.",
        "copyreg": start + b"ccopy_reg\n_reconstructor\n" + b"c__builtin__\nint\n" * 2 + b"N\x87R.",
        "a name alone": start + system + b".",
        "a dotted name": start + b"cnumpy\nndarray.__class__\n.",
        "a name in two lines": start + b"cnumpy\nndarray\nsystem\n.",
        "a name without end": start + b"c" + b"a" * 1000,
        "a type that is called": start + b"cnumpy\ndtype\nU\x01O\x85R.",
        "a type of objects": start + b"cnumpy\ndtype\nU\x01OK\x00K\x01\x87R.",
        "an array of another class": start + array.replace(b"ndarray", b"dtype") + b".",
        "an array's other state": start + b"}U\x04data" + array + b"}U\x01aK\x01sbs.",
        "a state for a text": start + b"U\x01a}b.",
        "a state for a list": start + b"](K\x01K\x02tb.",
        "INST": start + b"(" + text + b"ios\nsystem\n.",
        "OBJ": start + b"(" + system + text + b"o.",
        "NEWOBJ": start + system + text + b"\x85\x81.",
        "NEWOBJ_EX": b"\x80\x04" + system + text + b"\x85}\x92.",
        "STACK_GLOBAL": b"\x80\x04\x8c\x02os\x8c\x06system\x93" + text + b"\x85R.",
        "STACK_GLOBAL in protocol 2": start + b"U\x02osU\x06system\x93" + text + b"\x85R.",
        "EXT1": start + b"\x82\x01.",
        "EXT4": start + b"\x84\x01\0\0\0.",
        "PERSID": start + b"Px\n.",
        "BINPERSID": start + b"U\x01xQ.",
        "protocol 0": b"cos\nsystem\n(S'" + touch.encode() + b"'\ntR.",
        "protocol 1": b"]q\x00(cos\nsystem\n" + text + b"\x85Re.",
        "protocol 255": b"\x80\xff" + system + text + b"\x85R.",
        "two beginnings": start + start + system + text + b"\x85R.",
        "a frame": b"\x80\x02\x95\x10\0\0\0\0\0\0\0" + system + text + b"\x85R.",
        "from Python": pickle.dumps(Reduced(os.system, touch), 2),
        "from Python, deep": pickle.dumps({"data": [(Reduced(eval, run),)]}, 2),
        "in an old batch": python2({"labels": [0], "data": Reduced(os.system, touch)}),
    }  # fmt: skip


def exhausting(count: int) -> dict[str, bytes]:
    """Pickles of about `count` instructions."""
    start = b"\x80\x02"
    return {
        "endless lists": start + b"]" * count,
        "endless dictionaries": start + b"}" * count,
        "lists in lists": start + b"](" * (count // 3) + b"e" * (count // 3) + b".",
        "tuples in tuples": start + b"N" + b"\x85" * count + b".",
        "a key in a key": start + b"}N" + b"\x85" * count + b"Ns.",
        "doubled lists": start + b"]q\x01" + b"(h\x01h\x01e" * (count // 4) + b".",
        "doubled tuples": start + b"N" + b"q\x01h\x01\x86" * (count // 3) + b".",
        "marks": start + b"(" * count + b"t.",
        "marks taken": start + b"(t" * (count // 2) + b".",
        "long texts": start + (b"T\xff\x0b\0\0" + bytes(3071)) * (count // 100) + b".",
    }  # fmt: skip


def broken() -> dict[str, bytes]:
    """Pickles that would exhaust or confuse."""
    start = b"\x80\x02"
    return {
        "2 GB of text": start + b"T\xff\xff\xff\x7f" + bytes(100),
        "4 GB of text": start + b"T\xff\xff\xff\xff" + bytes(100),
        "2 GB of letters": start + b"X\xff\xff\xff\x7f" + bytes(100),
        "2 GB of pixels": start + b"T" + struct.pack("<I", 3072 * 699_050) + bytes(100),
        "a list in itself": start + b"]q\x01h\x01a.",
        "a dictionary in itself": start + b"}q\x01U\x01ah\x01s.",
        "no mark": start + b"K\x01K\x02t.",
        "nothing to take": start + b"\x87.",
        "nothing to keep": start + b"q\x01.",
        "never kept": start + b"h\x07.",
        "kept far away": start + b"Nr\xff\xff\xff\xff.",
        "a key without value": start + b"}(U\x01au.",
        "a number as key": start + b"}K\x01K\x02s.",
        "a list as key": start + b"}]K\x02s.",
        "two values at the end": start + b"}}.",
        "no value at the end": start + b".",
        "a mark at the end": start + b"(.",
        "append to a text": start + b"U\x01aK\x01a.",
        "set in a list": start + b"]U\x01aK\x01s.",
        "letters that are none": start + b"}X\x02\0\0\0\xff\xfeNs.",
        "an array of itself": start + b"cnumpy\nndarrayq\x01h\x01b.",
        "only the beginning": start,
        "nothing at all": b"",
        "a text of pixels": start + b"}U\x04dataT" + struct.pack("<I", 3072) + bytes(3072) + b"s.",
    }  # fmt: skip


@pytest.mark.parametrize("kind", calls(Path("x")))
def test_nothing_that_a_pickle_asks_for_is_called(tmp_path, refused, kind):
    canary = tmp_path / "canary"
    batch = tmp_path / "data_batch_1"
    batch.write_bytes(calls(canary)[kind])
    refused_file(refused, batch)
    assert not canary.exists()


def refused_file(refused: Callable[..., str], batch: Path, *, memory: bool = True) -> str:
    """The file is in a folder of its own, and named in the sentence."""
    folder = batch.parent / "cifar-10-batches-py"
    folder.mkdir()
    batch.rename(folder / batch.name)
    message = refused(folder, memory=memory)
    assert str(folder / batch.name) in message
    return message


@pytest.mark.parametrize("kind", broken())
def test_a_pickle_that_confuses_is_refused_in_time(tmp_path, refused, kind):
    batch = tmp_path / "data_batch_1"
    batch.write_bytes(broken()[kind])
    refused_file(refused, batch)


@pytest.mark.parametrize("kind", exhausting(150_000))
def test_a_pickle_that_exhausts_is_refused_in_time(tmp_path, refused, kind):
    batch = tmp_path / "data_batch_1"
    batch.write_bytes(exhausting(150_000)[kind])
    refused_file(refused, batch, memory=False)


@pytest.mark.slow
@pytest.mark.parametrize("kind", exhausting(1_000_000))
def test_the_worst_pickle_is_refused_within_the_memory_of_the_bar(tmp_path, refused, kind):
    batch = tmp_path / "data_batch_1"
    batch.write_bytes(exhausting(1_000_000)[kind])
    refused_file(refused, batch)


def test_as_many_ways_are_tried_as_the_bars_ask_for():
    assert 2 * len(NAMES) + 2 * len(KINDS) >= 60
    assert len(calls(Path("x"))) >= 40


def test_the_watch_sees_pickle_at_work(tmp_path):
    """Were pickle run, both the watch and the canary would tell."""
    global WATCHED
    canary = tmp_path / "canary"
    EVENTS.clear()
    WATCHED = True
    try:
        pickle.loads(calls(canary)["reduce"])
    finally:
        WATCHED = False
    assert [event.partition(" ")[0] for event in EVENTS] == ["pickle.find_class", "os.system"]
    assert canary.exists()


def test_a_batch_as_it_was_published_is_read_without_pickle(tmp_path):
    global WATCHED
    (tmp_path / "data_batch_1").write_bytes(python_batch(colour(3), [1, 2, 3]))
    EVENTS.clear()
    WATCHED = True
    try:
        assert len(open_dataset(tmp_path)) == 3
    finally:
        WATCHED = False
    assert EVENTS == []
