"""What a file is, told by its first bytes and never by its name."""

from eyespot.errors import ImageError

HEAD = 64  # bytes that decide

_PICTURES = (  # first bytes, format
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
    (b"II*\0\x10\0\0\0CR", "Canon raw"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG2000"),
    (b"\xff\x4f\xff\x51", "JPEG2000"),
    *((b"P%d%b" % (n, space), "PPM") for n in range(1, 7) for space in (b"\n", b" ", b"\r", b"\t")),
    *((b"P%b%b" % (f, space), "PPM") for f in (b"f", b"F") for space in (b"\n", b" ", b"\r")),
)
_OTHERS = (  # first bytes, what it is, the cure
    (b"%PDF", "a PDF document", "export its pages as JPEG or PNG"),
    (b"8BPS", "a Photoshop document", "export it as JPEG or PNG"),
    (b"\0\0\1\0", "an icon (ICO)", "save it as PNG"),
    (b"icns", "an icon (ICNS)", "save it as PNG"),
    (b"DDS ", "a texture (DDS)", "save it as PNG"),
    (b"qoif", "a QOI picture", "save it as PNG"),
    (b"\x01\xda", "an SGI picture", "save it as PNG"),
    (b"\x59\xa6\x6a\x95", "a Sun raster picture", "save it as PNG"),
    (b"%!PS", "a PostScript drawing", "export it as PNG"),
    (b"\xd7\xcd\xc6\x9a", "a drawing (WMF)", "export it as PNG"),
    (b"\xff\x0a", "a JPEG XL picture", "save it as JPEG or PNG"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL picture", "save it as JPEG or PNG"),
    (b"FUJIFILMCCD-RAW", "a camera's raw file", "export it as JPEG"),
    (b"Canon raw", "a camera's raw file", "export it as JPEG"),
    (b"PK\3\4", "a zip archive or an office document", "unpack it"),
    (b"Rar!", "an archive", "unpack it"),
    (b"7z\xbc\xaf", "an archive", "unpack it"),
    (b"\x1f\x8b", "a compressed file (gzip)", "unpack it"),
    (b"\x1aE\xdf\xa3", "a video", "export single pictures of it"),
    (b"\0\0\1\xba", "a video", "export single pictures of it"),
    (b"\x89HDF", "a table of numbers (HDF5)", "export its pictures as PNG"),
    (b"\x93NUMPY", "an array (NPY)", "save its pictures as PNG"),
)
_HEIF_BRANDS = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs", b"mif1"}
_AVIF_BRANDS = {b"avif", b"avis"}


def recognise(data: bytes) -> str:
    """The format of a picture: JPEG, PNG, GIF, WEBP, BMP, TIFF, AVIF, HEIF, JPEG2000 or PPM.

    Raises `ImageError` naming what else it is, as far as that can be told.
    """
    if not data:
        raise ImageError("the file is empty")
    head = data[:HEAD]
    kind = next((kind for start, kind in _PICTURES if head.startswith(start)), None)
    if kind == "Canon raw":
        raise ImageError("a camera's raw file, not a photo yet: export it as JPEG")
    if kind is not None:
        return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp":
        return _from_brands(data)
    raise ImageError(_refusal(head))


def _from_brands(data: bytes) -> str:
    """AVIF and HEIF share a container with films; its `ftyp` box lists what it is readable as."""
    length = min(int.from_bytes(data[:4], "big"), 256)
    brands = {data[8:12], *(data[i : i + 4] for i in range(16, length, 4))}
    if brands & _AVIF_BRANDS:
        return "AVIF"
    if brands & _HEIF_BRANDS:
        return "HEIF"
    if data[8:12] == b"crx ":
        raise ImageError("a camera's raw file, not a photo yet: export it as JPEG")
    raise ImageError("a video, not a photo: export single pictures of it")


def _refusal(head: bytes) -> str:
    for first, what, cure in _OTHERS:
        if head.startswith(first):
            return f"{what}, which is not read here: {cure}"
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html")):
        return "a web page, not a picture (a failed download?)"
    if text.startswith((b"<svg", b"<?xml")):
        return "a drawing (SVG) or other XML, not a picture of pixels: export it as PNG"
    if not head.strip(b"\0"):
        return "not a picture: it begins with zeros (a copy that was cut off?)"
    start = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in head[:12])
    return f"not a picture: it begins with '{start}'"
