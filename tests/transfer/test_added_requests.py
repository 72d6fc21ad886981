"""What is asked for with `--add` and `--group-column` is another request than without."""

import numpy as np
import pytest
from PIL import Image

from eyespot.errors import InputError
from eyespot.transfer.saving import digest
from eyespot.transfer.train import Order


def picture(path, number):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(number).integers(0, 256, (8, 8, 3), np.uint8)
    Image.fromarray(pixels).save(path, "PNG")


@pytest.fixture
def photos(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for i in range(8):
        picture(tmp_path / "photos" / ("robin", "thrush")[i % 2] / f"{i}.png", i)
    picture(tmp_path / "sorted" / "robin" / "10.png", 10)
    rows = [f"{('robin', 'thrush')[i % 2]}/{i}.png,,{'ab'[i // 4]}" for i in range(8)]
    (tmp_path / "sites.csv").write_text("file,label,site\n" + "\n".join(rows) + "\n")
    return tmp_path / "photos"


def test_added_photos_and_groups_count(photos, tmp_path):
    def request_of(source, **asked):
        return digest(Order(source, **asked))

    added, table = tmp_path / "sorted", tmp_path / "sites.csv"
    plain = request_of(photos)
    with_added = request_of(photos, add=added)
    grouped = request_of(photos, labels=table, group_column="site")
    assert len({plain, with_added, grouped}) == 3
    assert request_of(photos, add=added) == with_added
    assert request_of(photos, labels=table) == plain  # its rows change nothing
    (added / "robin" / "10.png").rename(added / "robin" / "11.png")
    assert request_of(photos, add=added) != with_added


def test_a_column_is_asked_of_a_table(photos):
    with pytest.raises(InputError, match="there is no table here"):
        digest(Order(photos, group_column="site"))
