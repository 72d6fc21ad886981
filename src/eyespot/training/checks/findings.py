"""What a check found: seen, why it matters, what to do."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be, in sentences."""

    check: str  # its name on the command line
    seen: str
    why: str
    what_to_do: str
    is_grave: bool = True  # a training would fail or teach nonsense; else: it deserves a look
