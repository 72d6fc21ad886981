"""Each photo is looked at once, whatever happens to files, processes and the cache."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from eyespot.datasets.dataset import Photo
from eyespot.embeddings import embed, store
from eyespot.errors import EyespotError, IntegrityError


def assert_equal(one, other):
    assert np.array_equal(one.vectors, other.vectors)
    assert np.array_equal(one.mirrored, other.mirrored)
    assert one.facts == other.facts


def test_embeddings_are_the_engines_answers_to_photo_and_mirror_image(photos, backbone, engine):
    found = embed(photos, backbone)
    for i, photo in enumerate(photos):
        _, pixels = backbone.preprocessing.read(photo.path)
        assert np.array_equal(found.vectors[i], engine(pixels[None])[0])
        assert np.array_equal(found.mirrored[i], engine(pixels[None, :, ::-1])[0])
    assert found.photos == tuple(photos)
    assert found.vectors.dtype == np.float32


def test_facts_are_those_of_the_file(tmp_path, backbone, engine):
    exif = Image.Exif()
    exif[0x0112] = 6  # on its side
    exif[0x0110] = "A camera"
    exif.get_ifd(0x8769)[0x9003] = "2026:05:01 12:00:03"
    path = tmp_path / "wrong-suffix.png"
    Image.new("RGB", (90, 60), "red").save(path, format="JPEG", exif=exif)
    facts = embed([Photo(path, "x")], backbone).facts[0]
    assert (facts.format, facts.width, facts.height) == ("JPEG", 60, 90)
    assert facts.taken == "2026:05:01 12:00:03"
    assert "A camera" in facts.camera
    assert facts.bytes == path.stat().st_size
    assert embed([Photo(path, "x")], backbone).facts[0] == facts  # from the cache


def test_a_second_run_computes_nothing_and_a_third_only_what_is_new(photos, backbone, engine):
    first = embed(photos[:6], backbone)
    assert engine.seen == 2 * 6
    assert_equal(embed(photos[:6], backbone), first)
    assert engine.seen == 2 * 6
    third = embed(photos, backbone)
    assert engine.seen == 2 * 10
    assert np.array_equal(third.vectors[:6], first.vectors)


def test_what_counts_is_the_content_not_the_name(photos, backbone, engine, tmp_path):
    first = embed(photos, backbone)
    moved = [photo.path.rename(tmp_path / f"moved-{photo.path.name}") for photo in photos]
    again = embed([Photo(path, "other") for path in moved], backbone)
    assert engine.seen == 20
    assert_equal(first, again)
    Image.new("RGB", (60, 48)).save(moved[0])
    embed([Photo(moved[0], "same name, other picture")], backbone)
    assert engine.seen == 22


def test_copies_of_a_photo_in_one_run_are_equal(photos, backbone, engine):
    found = embed([photos[0], photos[1], photos[0]], backbone)
    assert np.array_equal(found.vectors[0], found.vectors[2])
    assert len(found) == 3


@pytest.mark.parametrize(
    "change",
    [
        {"weights": "v" * 64},
        {"architecture": "other"},
        {"output": "layer3"},
    ],
)
def test_another_backbone_is_another_embedding(photos, backbone, engine, change):
    embed(photos, backbone)
    embed(photos, replace(backbone, **change))
    embed(photos, replace(backbone, preprocessing=replace(backbone.preprocessing, resize=41)))
    embed(photos, backbone, device="cpu")  # torch and OpenVINO agree, but not in every bit
    assert engine.seen == 4 * 20


def test_unreadable_photos_are_left_out_with_a_reason_and_the_others_keep_their_order(
    photos, backbone, engine, tmp_path
):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff")
    mixed = [photos[0], Photo(broken, "broken.jpg"), photos[1], Photo(tmp_path / "no", "no")]
    for _ in range(2):  # computed, and from the cache
        found = embed(mixed, backbone)
        assert found.photos == (photos[0], photos[1])
        assert [item.file for item in found.left_out] == ["broken.jpg", "no"]
        assert all(item.reason for item in found.left_out)
    assert_equal(found, embed(photos[:2], backbone))


def test_no_photos_at_all_are_no_error(backbone, engine):
    found = embed([], backbone)
    assert len(found) == 0
    assert found.vectors.shape == found.mirrored.shape == (0, 0)


def test_progress_goes_up_to_all_photos(photos, backbone, engine):
    told = []
    embed(photos, backbone, progress=lambda done, total: told.append((done, total)))
    assert told == [(i, 10) for i in range(11)]
    told.clear()
    embed(photos, backbone, progress=lambda done, total: told.append((done, total)))
    assert told == [(10, 10)]


def test_what_was_computed_before_an_interruption_is_kept(photos, backbone, engine):
    def stop(done, total):
        if done == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        embed(photos, backbone, progress=stop)
    before = engine.seen
    assert len(embed(photos, backbone)) == 10
    assert engine.seen - before <= 2 * 3


@pytest.mark.parametrize("column", ["facts", "vectors", "digest", "content", "backbone"])
def test_a_flipped_bit_in_a_row_is_found_and_the_photo_looked_at_again(
    photos, backbone, engine, column
):
    first = embed(photos, backbone)
    generator = np.random.default_rng(0)
    with closing(sqlite3.connect(store.path_of_store())) as connection, connection:
        table = f"embeddings_{store.FORMAT}"
        rows = connection.execute(f"SELECT content, {column} FROM {table}").fetchall()
        assert len(rows) == 10
        for content, value in rows:
            data = bytearray(value if isinstance(value, bytes) else value.encode())
            data[generator.integers(len(data))] ^= 1 << int(generator.integers(6))
            damaged = bytes(data) if isinstance(value, bytes) else data.decode("latin-1")
            connection.execute(
                f"UPDATE {table} SET {column} = ? WHERE content = ?", (damaged, content)
            )
    assert_equal(embed(photos, backbone), first)
    assert engine.seen == 2 * 10 * 2  # every one was found
    assert_equal(embed(photos, backbone), first)
    assert engine.seen == 2 * 10 * 2  # and replaced


def test_flipped_bits_anywhere_in_the_file_never_give_another_answer(photos, backbone, engine):
    """Whatever SQLite makes of it: the right answer, or a refusal that names the file."""
    first = embed(photos, backbone)
    path = store.path_of_store()
    whole = path.read_bytes()
    generator = np.random.default_rng(1)
    outcomes = set()
    for _ in range(60):
        data = bytearray(whole)
        for place in generator.integers(len(data), size=3):
            data[place] ^= 1 << int(generator.integers(8))
        for leftover in path.parent.glob(path.name + "*"):
            leftover.unlink()
        path.write_bytes(data)
        try:
            assert_equal(embed(photos, backbone), first)
            outcomes.add("right")
        except IntegrityError as error:
            assert str(path) in str(error)
            outcomes.add("refused")
    assert "right" in outcomes


@pytest.mark.parametrize("content", [b"", b"not a database" * 99, b"SQLite format 3\0" * 99])
def test_a_file_that_is_no_database_is_moved_aside_and_work_goes_on(
    photos, backbone, engine, content
):
    path = store.path_of_store()
    path.write_bytes(content)
    assert len(embed(photos, backbone)) == 10
    assert len(embed(photos, backbone)) == 10
    assert engine.seen == 20
    if content:
        assert path.with_suffix(".damaged").read_bytes() == content


def test_a_database_that_is_cut_short_is_survived(photos, backbone, engine):
    first = embed(photos, backbone)
    path = store.path_of_store()
    size = path.stat().st_size
    for length in (size - 1, size // 2, 4096, 1000, 1):
        with path.open("r+b") as file:
            file.truncate(length)
        try:
            assert_equal(embed(photos, backbone), first)
        except IntegrityError as error:
            assert str(path) in str(error)
            path.unlink()  # as the message says
            assert_equal(embed(photos, backbone), first)


def test_threads_of_one_process_can_embed_at_once(photos, backbone, engine):
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda _: embed(photos, backbone), range(12)))
    for other in found[1:]:
        assert_equal(found[0], other)


def test_a_damaged_file_takes_its_journal_with_it(photos, backbone, engine):
    """As after kill -9: a write-ahead log that belongs to the file that is moved aside."""
    path = store.path_of_store()
    other = sqlite3.connect(path)
    other.execute("PRAGMA journal_mode = WAL")
    other.execute("PRAGMA wal_autocheckpoint = 0")
    other.execute(store.TABLE)
    other.commit()
    other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    row = ("c", "b", "f", b"v" * 9000, b"d")
    other.execute(f"INSERT INTO embeddings_{store.FORMAT} VALUES (?, ?, ?, ?, ?)", row)
    other.commit()
    journal = path.with_name(path.name + "-wal")
    log = journal.read_bytes()
    other.close()
    path.write_bytes(b"no database at all" * 1000)
    journal.write_bytes(log)
    assert len(embed(photos, backbone)) == 10
    assert len(embed(photos, backbone)) == 10
    assert engine.seen == 20


def test_a_cache_that_is_locked_is_not_taken_for_a_damaged_one(
    photos, backbone, engine, monkeypatch
):
    embed(photos[:5], backbone)
    monkeypatch.setattr(store, "WAIT_S", 0.1)
    with closing(sqlite3.connect(store.path_of_store())) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(EyespotError, match=r"embeddings\.sqlite cannot be used .*locked"):
            embed(photos, backbone)
    assert not store.path_of_store().with_suffix(".damaged").exists()
    before = engine.seen
    assert len(embed(photos, backbone)) == 10
    assert engine.seen - before == 2 * 5
