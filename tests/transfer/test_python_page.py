"""Every line of Python in docs/python.md runs."""

import re
from pathlib import Path

from PIL import Image

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "python.md").read_text("utf-8")


def test_the_examples_of_the_page_run_in_their_order(digits, tmp_path, monkeypatch):
    for path, label in zip(digits.paths, digits.labels, strict=True):
        name = {"nought": "one", "one": "two"}.get(label)
        if name is not None:
            folder = tmp_path / "photos" / name
            folder.mkdir(parents=True, exist_ok=True)
            Image.open(path).save(folder / f"{len(list(folder.iterdir()))}.png")
    monkeypatch.chdir(tmp_path)
    examples = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(examples) > 3
    names = {}
    for example in examples:
        exec(compile(example, "docs/python.md", "exec"), names)
    assert names["prediction"].label == "one"
    assert names["scores"].mean() > 0.8
    assert (tmp_path / "from-paths-model" / "SHA256SUMS").is_file()
    assert (tmp_path / "photos-model" / "report.html").is_file()
    assert names["pipeline"].predict(names["paths"][:1]).tolist() == ["one"]
