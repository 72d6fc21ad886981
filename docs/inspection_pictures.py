"""Makes the pictures of docs/inspection.md, each with the command that stands under it.

python docs/inspection_pictures.py [NAME ...]

The photos are scikit-learn's own. `learned-filters` trains a network on FashionMNIST for a minute
or two; `tour` needs Chromium, which takes the picture of the page.
"""

import argparse
import io
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from PIL import Image

from eyespot.files import write_atomic
from eyespot.images.samples import sample_photos

PICTURES = Path(__file__).parent / "pictures" / "inside"
EYESPOT = Path(sysconfig.get_path("scripts"), "eyespot")
COMMANDS = {  # picture: what is typed
    "filters": "eyespot filters imagenet",
    "learned-filters": "eyespot experiment first_filters --quick",
    "steps": "eyespot convolve china.jpg --kernel sobel --steps --size 48",
    "maps": "eyespot feature-maps imagenet flower.jpg",
    "top-activations": "eyespot top-activations imagenet tiles/ --stage 3 --unit 0",
    "receptive-field": "eyespot receptive-field imagenet --layer features.4 --photo china.jpg",
    "heat-map": "eyespot explain imagenet flower.jpg",
    "dense": "eyespot dense imagenet temple.png --scales 1,1.5 --threshold 0.2",
    "found": "eyespot find bloom.png temple.png",
    "offsets": "eyespot evaluate overfeat_accurate --protocol overfeat-six --show-crops flower.jpg",
    "tour": "eyespot tour imagenet flower.jpg",
}
BLOOM, AT, SHARE = (150, 90, 370, 290), (430, 250), 0.8  # of the flower, put into the temple
TILE, ACROSS, DOWN = 128, 128, 96  # pixels of a tile of a photo, and from one to the next
COLOURS = 256  # of the palette
WIDEST = 1000  # pixels of a picture
WINDOW = (1000, 1400)  # pixels of the page that are shown
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(COMMANDS))
    names = parser.parse_args().names or list(COMMANDS)
    if unknown := set(names) - set(COMMANDS):
        parser.error(f"there is no picture {', '.join(sorted(unknown))}: {', '.join(COMMANDS)}")
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        bring_photos(folder)
        for name in names:
            path = picture(name, folder)
            if path is not None:
                sys.stdout.write(f"{path.stat().st_size / 1000:6.0f} KB  {path.name}\n")


def bring_photos(folder: Path) -> None:
    """The two photos, overlapping squares of both in tiles/, and a part of one in the other."""
    (folder / "tiles").mkdir()
    for source in sample_photos():
        shutil.copy(source, folder)
        photo = Image.open(source)
        for top in range(0, photo.height - TILE + 1, DOWN):
            for left in range(0, photo.width - TILE + 1, ACROSS):
                square = photo.crop((left, top, left + TILE, top + TILE))
                square.save(folder / "tiles" / f"{source.stem}-{top}-{left}.png")
    bloom, temple = Image.open(folder / "flower.jpg").crop(BLOOM), Image.open(folder / "china.jpg")
    bloom.save(folder / "bloom.png")
    temple.paste(bloom.resize([round(SHARE * side) for side in bloom.size]), AT)
    temple.save(folder / "temple.png")


def picture(name: str, folder: Path) -> Path | None:
    """Run a command and keep what it drew; None where it cannot be shown on this machine."""
    words = shlex.split(COMMANDS[name])[1:]
    if name == "learned-filters":
        run(folder, *words, "--out", name)
        path = PICTURES / f"{name}.svg"
        write_atomic(path, (folder / name / "chart.svg").read_bytes())
        return path
    out = f"{name}.html" if name == "tour" else f"{name}.png"
    run(folder, *words, "--out", out)
    if name == "tour" and not photographed(folder / out, folder / f"{name}.png"):
        return None
    path = PICTURES / f"{name}.png"
    write_atomic(path, small(Image.open(folder / f"{name}.png")))
    return path


def run(folder: Path, *words: str) -> None:
    """A command in the folder of the photos; what it says is not shown."""
    subprocess.run([EYESPOT, *words], cwd=folder, check=True, stdout=subprocess.DEVNULL)


def photographed(page: Path, out: Path) -> bool:
    """The upper part of a page as a picture. Tells why where it cannot be taken."""
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        sys.stderr.write(f"No picture of {page.name}: there is no Chromium here\n")
        return False
    size = ",".join(map(str, WINDOW))
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    asked = [f"--window-size={size}", f"--screenshot={out}", page.as_uri()]
    subprocess.run([found, *options, *asked], check=True, capture_output=True, timeout=300)
    return True


def small(picture: Image.Image) -> bytes:
    """The picture with a palette, as a PNG file."""
    buffer = io.BytesIO()
    picture.thumbnail((WIDEST, 10 * WIDEST), Image.Resampling.LANCZOS)
    kept = picture.convert("RGB").quantize(  # the other ways lose the colours of small things
        COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
    )
    kept.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


if __name__ == "__main__":
    main()
