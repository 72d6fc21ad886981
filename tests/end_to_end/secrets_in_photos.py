"""Pictures with places, names and cameras in every corner where a file can hold them."""

from io import BytesIO
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

OWNER = "Wilhelmina-Secret-Owner"
CAMERA = "SecretCam-9000"
SERIAL = "SN-77-SECRET-31"
PLACE = "52.5163 13.3777 Secretplatz"
TAKEN = "2019:03:04 05:06:07"
SECRETS = (OWNER, CAMERA, SERIAL, "Secretplatz", TAKEN)

_XMP = f"<x:xmpmeta xmlns:x='adobe:ns:meta/'>{PLACE} {OWNER}</x:xmpmeta>".encode()


def block(orientation: int = 1) -> Image.Exif:
    """EXIF with a camera, an owner, a time and a place."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0112] = CAMERA, CAMERA, orientation
    exif[0x0132], exif[0x013B], exif[0x8298] = TAKEN, OWNER, OWNER
    exif.get_ifd(0x8769).update({0x9003: TAKEN, 0xA430: OWNER, 0xA431: SERIAL})
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 30.0, 58.7), 29: TAKEN[:10], 27: PLACE.encode()})
    return exif


def turned(orientation: int) -> Image.Exif:
    """EXIF with an orientation."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def save_with_secrets(picture: Image.Image, path: Path) -> None:
    """Write `picture` as JPEG or PNG, as the name says, with everything above in it."""
    target = BytesIO()
    if path.suffix == ".png":
        texts = PngInfo()
        texts.add_text("Author", OWNER)
        texts.add_itxt("Comment", f"{PLACE} {CAMERA}")
        texts.add_itxt("XML:com.adobe.xmp", _XMP.decode())
        picture.save(target, "PNG", pnginfo=texts, exif=block())
    else:
        picture.save(target, "JPEG", exif=block(), xmp=_XMP, comment=f"{PLACE} {SERIAL}".encode())
    path.write_bytes(target.getvalue())


def found(data: bytes) -> list[str]:
    """The secrets that `data` holds, in any of the usual encodings."""
    return [
        secret
        for secret in SECRETS
        for encoding in ("utf-8", "utf-16-le", "utf-16-be")
        if secret.encode(encoding) in data
    ]
