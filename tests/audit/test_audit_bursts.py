"""Bursts: by camera and time, by running numbers, by look; and what is no burst."""

import pytest


def times(seconds):
    return [f"2026:05:01 12:{second // 60:02d}:{second % 60:02d}" for second in seconds]


def burst_of(builder, names, *, cosine=0.75, **facts):
    """Frames of one scene: all like the first one."""
    first = builder.add(names[0], **{key: values[0] for key, values in facts.items()})
    for k, name in enumerate(names[1:], 1):
        fields = {key: values[k] for key, values in facts.items()}
        builder.add(name, like=first, cosine=cosine, **fields)
    return tuple(names)


def test_one_camera_within_seconds_is_a_burst(builder):
    names = burst_of(
        builder, ["a/p.jpg", "a/q.jpg", "a/r.jpg"], cosine=0.7,
        taken=times([0, 4, 8]), camera=["X100"] * 3,
    )  # fmt: skip
    assert builder.audit().bursts == (names,)


def test_two_cameras_at_one_time_are_no_burst(builder):
    burst_of(builder, ["a/p.jpg", "a/q.jpg"], cosine=0.5, taken=times([0, 1]), camera=["X", "Y"])
    assert builder.audit().bursts == ()


def test_a_minute_apart_is_no_burst(builder):
    burst_of(builder, ["a/p.jpg", "a/q.jpg"], cosine=0.5, taken=times([0, 60]), camera=["X"] * 2)
    assert builder.audit().bursts == ()


def test_one_second_and_nothing_in_common_is_no_burst(builder):
    """A clock that was never set gives every photo the same time."""
    for k in range(5):
        builder.add(f"a/{k * 10}.jpg", taken="2000:01:01 00:00:00", camera="X")
    assert builder.audit().bursts == ()


def test_more_photos_in_a_second_than_a_camera_takes_say_nothing(builder):
    names = [f"a/{'z' * k}x.jpg" for k in range(1, 62)]
    burst_of(builder, names, cosine=0.5, taken=times([0] * 61), camera=["X"] * 61)
    assert builder.audit().bursts == ()


def test_the_time_in_a_phones_file_name_counts(builder):
    names = ["a/20260501_120003.jpg", "a/20260501_120007.jpg"]
    assert burst_of(builder, names, cosine=0.5) in builder.audit().bursts


@pytest.mark.parametrize("taken", ["garbage", "2026:13:45 99:00:00", "0000:00:00 00:00:00", ""])
def test_a_time_that_is_none_is_passed_over(builder, taken):
    burst_of(builder, ["a/p.jpg", "a/q.jpg"], cosine=0.5, taken=[taken] * 2, camera=["X"] * 2)
    assert builder.audit().bursts == ()


def test_running_numbers_with_like_pictures_are_a_burst(builder):
    names = burst_of(builder, [f"a/IMG_{k:04d}.JPG" for k in (12, 13, 15)])
    assert builder.audit().bursts == (names,)


def test_running_numbers_alone_are_no_burst(builder):
    for k in range(20):
        builder.add(f"a/IMG_{k:04d}.JPG")
    assert builder.audit().bursts == ()


def test_like_pictures_with_distant_numbers_are_no_burst(builder):
    burst_of(builder, ["a/IMG_0012.JPG", "a/IMG_0412.JPG"])
    assert builder.audit().bursts == ()


def test_a_run_goes_on_in_another_folder(builder):
    names = burst_of(builder, ["a/clip_001.jpg", "b/clip_002.jpg"])
    assert builder.audit().bursts == (names,)


def test_many_pictures_of_one_scene_are_a_burst_whatever_their_names(builder):
    names = [f"a/{letter}.jpg" for letter in "klmnop"]
    burst_of(builder, names, cosine=0.95)
    assert builder.audit().bursts == (tuple(names),)


def test_frames_of_a_burst_are_no_near_duplicates_by_their_look(builder):
    burst_of(builder, [f"a/IMG_{k:04d}.JPG" for k in (12, 13, 14)], cosine=0.95)
    assert builder.audit().near_duplicates == ()


def test_one_photo_saved_twice_is_no_burst(builder):
    """Both carry the same time, and the hash says that it is one picture."""
    builder.add("a/p.jpg", taken="2026:05:01 12:00:03", camera="X")
    builder.add("a/q.jpg", like=60, bits=2, taken="2026:05:01 12:00:03", camera="X")
    found = builder.audit()
    assert found.bursts == ()
    assert found.near_duplicates == (("a/p.jpg", "a/q.jpg"),)


def test_numbered_look_alikes_are_no_bursts(nothing):
    """Digits numbered class by class: neighbours are no more alike than others."""
    for label in "abc":
        first = nothing.add(f"{label}/0000.png")
        for k in range(1, 60):
            nothing.add(f"{label}/{k:04d}.png", like=first, cosine=0.85, bits=14)
    found = nothing.audit()
    assert found.bursts == ()
    assert len(set(found.groups)) == found.photos


def test_where_neighbours_are_closest_numbers_tell_bursts_even_among_look_alikes(nothing):
    """Ten scenes that share much, eight frames each: the leakage toy in numbers."""
    ground = nothing.add("a/x.jpg")
    for scene in range(10):
        like = nothing.add(f"{'ab'[scene % 2]}/{scene * 100:04d}.jpg", like=ground, cosine=0.7)
        for frame in range(1, 8):
            name = f"{'ab'[scene % 2]}/{scene * 100 + frame:04d}.jpg"
            like = nothing.add(name, like=like, cosine=0.9)
    found = nothing.audit()
    assert sorted(len(files) for files in found.bursts) == [8] * 10
    assert len(set(found.groups)) == 11
