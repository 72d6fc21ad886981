"""What a check found: seen, why it matters, what to do."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

TOO_HIGH = "a learning rate that is too high"  # three checks may see it, each in its own way


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be, in sentences."""

    check: str  # its name on the command line
    seen: str
    why: str
    what_to_do: str
    is_grave: bool = True  # a training would fail or teach nonsense; else: it deserves a look
    cause: str = ""  # findings of one cause are told as one


def told_once(findings: Sequence[Finding]) -> list[Finding]:
    """Those of one cause as one: what each of them saw, the first reason, the last advice."""
    together: dict[str, Finding] = {}
    for place, finding in enumerate(findings):
        key = finding.cause or str(place)
        first = together.get(key)
        if first is None:
            together[key] = finding
        else:
            seen = f"{first.seen} {finding.seen}"
            together[key] = replace(first, seen=seen, what_to_do=finding.what_to_do)
    return list(together.values())
