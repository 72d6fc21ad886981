"""Numbers in words, the same on every page and in the terminal: 94.1 %, 1,243 photos, 9 in 10."""

import math

EXACT_BELOW = 21  # up to twenty photos are counted out: "7 of 8", never a percentage alone
ROUND = (range(2, 11), (20,), (100,))  # "in how many" a share may be put, the plainest first


def percent(share: float) -> str:
    """A share of 1 with one decimal: `94.1 %`; never rounded up to 100 % or down to 0 %."""
    rounded = round(100 * share, 1)
    if (rounded == 100 and share < 1) or (rounded == 0 and share > 0):
        rounded = 99.9 if share > 0.5 else 0.1
    return f"{rounded:.0f} %" if rounded in (0, 100) else f"{rounded:.1f} %"


def count(number: int, noun: str, *, plural: str | None = None) -> str:
    """`1 photo`, `1,243 photos`, `2 classes`."""
    if number == 1:
        return f"1 {noun}"
    return f"{number:,} {plural or noun + ('es' if noun.endswith('s') else 's')}"


def between(interval: tuple[float, float]) -> str:
    """An interval in whole percent, widened where it must be rounded: `84-95 %`."""
    low = math.floor(100 * interval[0] + 1e-9)
    high = math.ceil(100 * interval[1] - 1e-9)
    return f"{low}-{high} %"


def in_words(share: float) -> str:
    """The nearest round way to say a share without flattering: `9 in 10`, `2 in 3`, `94 in 100`.

    May leave out up to 1 point, and adds at most half a point; never says all or none.
    """
    for wholes in ROUND:
        near = [(whole, round(share * whole)) for whole in wholes]
        fair = [
            (abs(part / whole - share), whole, part)
            for whole, part in near
            if 0 < part < whole and -0.01 <= part / whole - share <= 0.005
        ]
        if fair:
            _, whole, part = min(fair)
            return f"{part} in {whole}"
    if share > 0.5:
        return f"{min(99, math.floor(100 * share))} in 100"
    return "fewer than 1 in 100"


def two_digits(number: float) -> str:
    """Two significant digits, without a power of ten where it is large: `0.49`, `450`, `2,600`."""
    rounded = float(f"{number:.2g}")
    return f"{rounded:,.0f}" if abs(rounded) >= 10 else f"{rounded:g}"


def listed(names: list[str], limit: int = 3) -> str:
    """`a`, `a and b`, `a, b and c`, `a, b, c and 4 more`."""
    shown = names[:limit]
    if len(names) > limit:
        return ", ".join(shown) + f" and {len(names) - limit:,} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def duration(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
