"""What is read off the groups: conflicts, leaks, files left out, extensions."""

from dataclasses import replace

import numpy as np
from facts_builder import empty
from hypothesis import given, settings
from hypothesis import strategies as st

from eyespot.audit import KINDS, audit
from eyespot.audit.findings import Audit
from eyespot.datasets.dataset import LeftOut
from eyespot.datasets.labels import EXCLUDED
from eyespot.values import from_json, to_json


def test_one_picture_under_two_labels_is_a_conflict(builder):
    builder.add("a/one.jpg", content="same")
    builder.add("b/one.jpg", like=60, cosine=1.0, bits=0, content="same")
    builder.add("a/two.jpg")
    builder.add("b/two.jpg", like=62, cosine=0.95, bits=3)
    found = builder.audit().conflicting_labels
    assert [(c.kind, c.files, c.labels) for c in found] == [
        ("duplicate", ("a/one.jpg", "b/one.jpg"), ("a", "b")),
        ("near-duplicate", ("a/two.jpg", "b/two.jpg"), ("a", "b")),
    ]


def test_a_negative_that_is_also_in_a_class_is_a_conflict(builder):
    builder.add("a/one.jpg", content="same")
    builder.add("other/one.jpg", like=60, bits=0, content="same", label=None)
    (conflict,) = builder.audit().conflicting_labels
    assert conflict.labels == ("a", "none of these")


def test_leaks_are_told_once_by_their_closest_relation(builder):
    builder.add("train/a/one.jpg", content="same", label="a", part="train")
    builder.add("test/a/one.jpg", like=60, bits=0, content="same", label="a", part="test")
    builder.add("train/a/two.jpg", label="a", part="train")
    builder.add("test/a/two.jpg", like=62, bits=3, label="a", part="test")
    builder.add("train/a/IMG_1.jpg", label="a", part="train")
    builder.add("test/a/IMG_2.jpg", like=64, cosine=0.75, label="a", part="test")
    builder.add("train/a/x.jpg", label="a", part="train", group="Rex")
    builder.add("test/a/y.jpg", label="a", part="test", group="Rex")
    kinds = [(leak.kind, leak.parts) for leak in builder.audit().leaks]
    assert kinds == [
        ("duplicate", ("test", "train")),
        ("near-duplicate", ("test", "train")),
        ("burst", ("test", "train")),
        ("group", ("test", "train")),
    ]


def test_photos_without_a_part_leak_nowhere(builder):
    builder.add("a/one.jpg", content="same")
    builder.add("a/two.jpg", like=60, bits=0, content="same")
    assert builder.audit().leaks == ()


def test_the_users_groups_stay_together_and_join_what_they_share(builder):
    builder.add("a/one.jpg", group="Rex")
    builder.add("a/two.jpg", group="Rex")
    builder.add("a/three.jpg", like=61, bits=3)
    groups = builder.audit().groups
    assert groups[60] == groups[61] == groups[62] != groups[0]


def test_files_left_out_are_told_once_with_their_reason(builder):
    dataset = builder.dataset(
        left_out=(
            LeftOut("a/empty.jpg", "the file is empty"),
            LeftOut("a/gone.jpg", EXCLUDED),
            LeftOut("stray.jpg", "lies beside the class folders, in none of them"),
        )
    )
    again = (LeftOut("a/empty.jpg", "the file is empty"), LeftOut("a/cut.jpg", "ends early"))
    found = audit(dataset, builder.embedded(left_out=again))
    assert [item.file for item in found.unreadable] == ["a/cut.jpg", "a/empty.jpg"]
    assert [item.file for item in found.left_out] == ["a/gone.jpg", "stray.jpg"]


def test_an_extension_that_lies_is_noted(builder):
    builder.add("a/one.jpg", format="PNG")
    builder.add("a/two.JPEG", format="JPEG")
    builder.add("a/none", format="JPEG")
    found = builder.audit().wrong_extension
    assert [(item.file, item.format, item.extension) for item in found] == [
        ("a/none", "JPEG", ""),
        ("a/one.jpg", "PNG", ".jpg"),
    ]


def test_an_audit_goes_to_json_and_back(builder):
    builder.add("a/one.jpg", content="same", format="PNG")
    builder.add("b/one.jpg", like=60, bits=0, content="same")
    found = builder.audit()
    assert from_json(Audit, to_json(found)) == found
    assert all(found.count(kind) >= 0 for kind in KINDS)


def test_no_photo_and_one_photo_are_data_sets_too(nothing):
    assert nothing.audit().groups == ()
    nothing.add("a/only.jpg")
    assert nothing.audit().groups == (0,)


plans = st.lists(
    st.tuples(
        st.sampled_from("ab"),
        st.integers(0, 9),  # the one it is like
        st.sampled_from([0.3, 0.7, 0.82, 0.95, 1.0]),
        st.sampled_from([0, 3, 9, 30]),
        st.booleans(),  # equal bytes
        st.sampled_from([None, "g", "h"]),
    ),
    min_size=2,
    max_size=24,
)


@settings(max_examples=60, deadline=None)
@given(plans, st.randoms(use_true_random=False))
def test_groups_are_a_partition_and_the_order_of_photos_does_not_matter(plan, random):
    made = empty()
    for k, (label, like, cosine, bits, is_copy, group) in enumerate(plan):
        other = like if like < k else None
        content = made.photos[like].file if other is not None and is_copy else None
        made.add(
            f"{label}/IMG_{k:03d}.jpg", like=other, cosine=cosine, bits=bits, content=content,
            group=group,
        )  # fmt: skip
    dataset, embedded = made.dataset(), made.embedded()
    found = audit(dataset, embedded)
    order = list(range(len(embedded)))
    random.shuffle(order)
    moved = replace(
        embedded,
        photos=tuple(embedded.photos[i] for i in order),
        vectors=embedded.vectors[order],
        mirrored=embedded.mirrored[order],
        facts=tuple(embedded.facts[i] for i in order),
    )
    other = audit(dataset, moved)
    for field in ("duplicates", "near_duplicates", "bursts", "conflicting_labels", "leaks"):
        assert getattr(found, field) == getattr(other, field)
    sets = {frozenset(np.flatnonzero(np.array(found.groups) == g).tolist()) for g in found.groups}
    again = {
        frozenset(order[i] for i in np.flatnonzero(np.array(other.groups) == g).tolist())
        for g in other.groups
    }
    assert sets == again
    number = {photo.file: group for photo, group in zip(made.photos, found.groups, strict=True)}
    for files in (*found.duplicates, *found.near_duplicates, *found.bursts):
        assert len({number[file] for file in files}) == 1
    assert sorted(set(found.groups)) == list(range(len(set(found.groups))))
