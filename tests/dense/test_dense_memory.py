"""A photo of 100 megapixels goes through `eyespot dense` in 2 GB, all of the process counted."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

LIMIT = 2_000_000_000  # bytes


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="os.wait4 tells the peak")
def test_a_photo_of_100_megapixels_takes_less_than_2_gb(tmp_path):
    blots = np.random.default_rng(0).integers(0, 255, (105, 150, 3), np.uint8)
    large = Image.fromarray(blots).resize((12_000, 8_400), Image.Resampling.BICUBIC)
    large.save(tmp_path / "large.jpg", quality=90)
    del large
    words = ["dense", "imagenet", "large.jpg", "--max-megapixels", "128", "--json"]
    script = "from eyespot.cli.main import main; main()"
    with (tmp_path / "answer.json").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", script, *words, "--scores", "all.npy"],
            cwd=tmp_path,
            stdout=output,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    (scale,) = json.loads((tmp_path / "answer.json").read_text())["scales"]
    # (8400 - 224) // 32 + 1 and (12000 - 224) // 32 + 1
    assert (scale["rows"], scale["columns"]) == (256, 369) and scale["tiles"] > 20
    assert (tmp_path / "all.npy").stat().st_size == 128 + 4 * 1000 * 256 * 369
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    assert 400_000_000 < peak <= LIMIT, f"{peak / 1e6:,.0f} MB"
