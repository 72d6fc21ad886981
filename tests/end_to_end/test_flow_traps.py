"""Photos as they come: every trap accounted for, bad files without influence, no leaks."""

import csv
import io
import json
import shutil

import numpy as np
import pytest
import secrets_in_photos as metadata
from flows import CLASSES, ended, run, start, texts, texture, three_files, tree, write_textures
from page_reading import parsed, what_acts
from PIL import Image
from traps import LEFT_OUT, PASSED_OVER, PHOTO, UNREADABLE, add_good, add_traps, jpeg, write

import eyespot
from eyespot.evaluation.unrelated import unrelated


def rows_of(table: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(table.decode("utf-8-sig"), newline="")))


@pytest.fixture(scope="module")
def trapped(tmp_path_factory, made):
    """A folder with every trap, trained on."""
    root = tmp_path_factory.mktemp("trapped") / "birds"
    good = add_good(root)
    traps = add_traps(root)
    before = tree(root)
    ran = run("train", root, "--out", root.parent / "model", "--json")
    assert ran.code == 0, ran.err
    assert tree(root) == before
    return root, good, traps, ran.json


def test_training_accounts_for_every_file_of_the_trap_folder(trapped):
    _, good, traps, answer = trapped
    photos = answer["photos"]
    skipped = {item["file"]: item["reason"] for item in photos["skipped"]}
    assert len(skipped) == len(photos["skipped"]), "a file has two reasons"
    assert photos["found"] == photos["used"] + len(skipped)
    assert photos["used"] == sum(answer["split"].values())
    assert photos["found"] == len(good) + sum(trap.outcome != PASSED_OVER for trap in traps)
    for trap in traps:
        if trap.outcome in (UNREADABLE, LEFT_OUT):
            assert len(skipped[trap.file]) > 8, trap.file
        elif trap.outcome == PASSED_OVER:
            assert trap.file not in skipped
    used = set(good) | {trap.file for trap in traps if trap.outcome == PHOTO}
    again = {file: reason for file, reason in skipped.items() if file in used}
    assert all("the same picture" in reason for reason in again.values())
    assert "same picture stands under robin and wren" in again["robin/same_bytes.jpg"]
    assert answer["classes"] == ["robin", "wren"]


def test_the_pages_and_tables_of_the_trap_folder_are_valid(trapped, made):
    root, _, _, answer = trapped
    audit = root.parent / "audit"
    ran = run("audit", root, "--out", audit, "--json")
    assert ran.code == 0, ran.err
    assert (
        ran.json["photos"] + len(ran.json["unreadable"]) + len(ran.json["left_out"])
        == (answer["photos"]["found"])
    )
    for page in (root.parent / "model" / "report.html", audit / "audit.html"):
        text = page.read_text("utf-8")
        assert parsed(text) is not None
        assert what_acts(text) == [], page
        assert "<script>alert" not in text
    table = rows_of((root.parent / "model" / "predictions.csv").read_bytes())
    assert len(table) == answer["metrics"]["n"] + 1
    labels = rows_of((audit / "labels.csv").read_bytes())
    for head, *rows in (table, labels):
        assert all(len(row) == len(head) for row in rows)
        assert not [cell for row in rows for cell in row if cell.startswith(tuple("=+-@\t\r"))]
    json.loads((root.parent / "model" / "classifier.json").read_text("utf-8"))


def test_the_trap_folder_is_told_in_whole_lines(trapped, tmp_path):
    """In a process of its own, whose output cannot take every name as it is."""
    root, _, _, answer = trapped
    process = start("predict", root.parent / "model", root)
    ran = ended(process)
    assert ran.code == 0
    assert "Traceback" not in ran.err
    assert "Warning" not in ran.err
    assert len(ran.out.splitlines()) >= answer["photos"]["found"] - 2
    assert all(line.isprintable() or "\u200d" in line for line in ran.out.splitlines())


def test_an_edited_audit_table_is_honoured(made, tmp_path):
    root = write_textures(tmp_path / "photos", photos=5)
    shutil.copy(root / "dots" / "dots-000.jpg", root / "waves" / "wrong.jpg")
    run("audit", root, "--out", tmp_path / "audit")
    table = tmp_path / "audit" / "labels.csv"
    head, *rows = rows_of(table.read_bytes())
    assert head == ["file", "label", "exclude", "group", "suggestion", "reason"]
    for row in rows:
        if row[0] == "waves/wrong.jpg":
            row[2] = "yes"
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    answer = run("train", root, "--out", tmp_path / "m", "--labels", table, "--json").json
    skipped = {item["file"]: item["reason"] for item in answer["photos"]["skipped"]}
    assert skipped == {"waves/wrong.jpg": "excluded in labels.csv"}
    assert answer["photos"]["used"] == 15


def test_bad_files_do_not_change_one_byte_of_what_is_learned(made, tmp_path):
    """N good + K bad files give the same three files as the N good ones alone."""
    root = tmp_path / "photos"
    shutil.copytree(made.photos, root)
    bad = _add_bad(root)
    answer = run("train", root, "--out", tmp_path / "model", "--json").json
    assert answer["photos"] == {
        "found": 36 + len(bad), "used": 36, "skipped": answer["photos"]["skipped"]
    }  # fmt: skip
    assert {item["file"] for item in answer["photos"]["skipped"]} == set(bad)
    assert three_files(tmp_path / "model") == three_files(made.bundle)
    good = texture("dots", 77)
    good.save(root / "dots" / "one-more.jpg")
    run("train", root, "--out", tmp_path / "other")
    changed = three_files(tmp_path / "other")
    assert changed != three_files(made.bundle), "the comparison could not fail"


def _add_bad(root) -> list[str]:
    """Bad files of many kinds in every class, first and last by name."""
    encoded = {kind: io.BytesIO() for kind in ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")}
    for kind, target in encoded.items():
        texture("dots", 5).save(target, kind)
    bad: list[str] = []
    for label in CLASSES:
        for kind, target in encoded.items():
            data = target.getvalue()
            bad.append(f"{label}/00-cut.{kind.lower()}")
            write(root / bad[-1], data[: len(data) // 2])
        for name, data in (("zz-empty.jpg", b""), ("zz-text.png", b"text" * 99)):
            bad.append(f"{label}/{name}")
            write(root / bad[-1], data)
    bad.append("broken_class/only.jpg")
    write(root / bad[-1], b"\xff\xd8\xff")
    add_traps(root, outcomes={PASSED_OVER})
    return bad


def test_places_and_cameras_in_photos_reach_no_output(made, tmp_path):
    """Planted in EXIF, XMP, comments and text chunks: none of it in bundle, pages or lines."""
    root = tmp_path / "photos"
    for label in CLASSES:
        for seed in range(6):
            path = root / label / f"{seed}.{'png' if seed % 2 else 'jpg'}"
            path.parent.mkdir(parents=True, exist_ok=True)
            metadata.save_with_secrets(texture(label, seed), path)
            assert metadata.found(path.read_bytes()), "the photos hold nothing to be found"
    wrong = root / "waves" / "wrong.jpg"
    metadata.save_with_secrets(texture("dots", 40), wrong)
    shutil.copy(root / "dots" / "2.jpg", root / "dots" / "copy.jpg")
    out = tmp_path / "out"
    out.mkdir()
    lines = [
        run("train", root, "--out", out / "model", "--json"),
        run("audit", root, "--out", out / "audit", "--json"),
        run("predict", out / "model", root, "--csv", out / "answers.csv"),
        run("evaluate", out / "model", root, "--out", out / "measured", "--json"),
    ]
    assert [ran.code for ran in lines] == [0, 0, 0, 0]
    written = list(texts(out))
    assert len(written) >= 10
    assert [str(path) for path, data in written if metadata.found(data)] == []
    assert not [ran for ran in lines if metadata.found((ran.out + ran.err).encode())]


def test_the_network_sees_the_same_pixels_in_training_prediction_and_export(made, tmp_path):
    """The same bytes become the same array: every array that reaches an engine is compared."""
    from unittest import mock

    from eyespot.classifier.export.standalone import preprocess
    from eyespot.engines.openvino import OpenVinoEngine

    root = tmp_path / "photos"
    pictures = {
        "dots/turned.jpg": ("JPEG", {"exif": metadata.turned(6)}),
        "dots/large.jpg": ("JPEG", {}),
        "dots/plain.png": ("PNG", {}),
        "waves/photo.webp": ("WEBP", {}),
        "waves/plain.bmp": ("BMP", {}),
        "waves/grey.jpg": ("JPEG", {}),
    }
    for seed, (name, (kind, options)) in enumerate(pictures.items(), 300):
        size = (1400, 1100) if "large" in name else (130, 90)
        picture = texture(name.partition("/")[0], seed, size=size)
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (picture.convert("L") if "grey" in name else picture).save(root / name, kind, **options)
    seen: list[bytes] = []
    answer = OpenVinoEngine.__call__

    def watched(engine: OpenVinoEngine, pixels: np.ndarray) -> np.ndarray:
        seen.append(pixels[0].tobytes())
        return answer(engine, pixels)

    with mock.patch.object(OpenVinoEngine, "__call__", watched):
        assert run("train", root, "--out", tmp_path / "model").code == 0
        trained = set(seen)
        seen.clear()
        assert run("predict", tmp_path / "model", root).code == 0
        predicted = set(seen)
        seen.clear()
        assert run("evaluate", tmp_path / "model", root).code == 0
        evaluated = set(seen)
    values = json.loads((tmp_path / "model" / "classifier.json").read_text("utf-8"))
    numbers = preprocess.Settings(
        *(values["preprocessing"][key] for key in ("resize", "crop", "interpolation"))
    )
    arrays = [preprocess.read(root / name, numbers) for name in pictures]
    exported = {array.tobytes() for array in arrays}
    mirrored = {np.ascontiguousarray(array[:, ::-1]).tobytes() for array in arrays}
    blank = {np.zeros_like(arrays[0]).tobytes()}  # an engine's warm-up
    rule = eyespot.load(tmp_path / "model").backbone.preprocessing
    asked = [rule.read(photo.read())[1] for photo in unrelated()]  # is it none of these?
    others = {np.ascontiguousarray(view).tobytes() for a in asked for view in (a, a[:, ::-1])}
    assert len(exported) == len(pictures) and not exported & others
    assert predicted - blank == exported
    assert evaluated - blank - others == exported
    assert trained - blank - others == exported | mirrored


def test_a_jpeg_of_traps_is_what_it_is_named():
    """The builder's pictures are readable, so that refusals above are for the traps' reasons."""
    with Image.open(io.BytesIO(jpeg(1))) as picture:
        assert picture.size == (48, 48)
