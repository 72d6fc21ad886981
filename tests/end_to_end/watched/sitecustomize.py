"""Imported by Python before anything else: notes what a process connects to and unpickles.

Lines go to the file that EYESPOT_WATCHED names; the last one is the peak of its memory.
"""

import atexit
import os
import sys
from pathlib import Path

EVENTS = (
    "socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto",
    "socket.bind", "urllib.Request", "ftplib.connect", "smtplib.connect", "pickle.find_class",
)  # fmt: skip
LOG = os.environ.get("EYESPOT_WATCHED", "")


def note(line: str) -> None:
    with open(LOG, "a", encoding="utf-8", errors="backslashreplace") as file:  # noqa: PTH123
        file.write(f"{line}\n")


def watch(event: str, arguments: object) -> None:
    if event in EVENTS:
        note(f"{event} {arguments!r}")


def last_words() -> None:
    status = Path("/proc/self/status")
    if status.exists():
        peak = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        note(f"peak {peak[0].split()[1]}")
    note(f"torch {'torch' in sys.modules}")


if LOG:
    sys.addaudithook(watch)
    atexit.register(last_words)
