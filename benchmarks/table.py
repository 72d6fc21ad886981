"""The results in docs/performance.md and docs/results.md, made from results/*.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from eyespot.files import write_atomic

RESULTS = Path(__file__).with_name("results")
DOCS = Path(__file__).resolve().parents[1] / "docs"
KNOWING = {  # what is learned and known, and no speed
    "calibration",
    "leakage",
    "wrong_labels",
    "trust_figures",
    "heat_maps",
    "find_target",
    "advise_time",
    "averaged_heads",
    "closer_look",
    "better_probe",
    "squeezenet_tuning",
    "auto",
}
PAGES = {DOCS / "performance.md": False, DOCS / "results.md": True}  # page: is it of those
BEGIN, END = "<!-- made by benchmarks/table.py -->\n", "<!-- until here -->\n"


def main() -> None:
    """Replace what stands between the two marks of each page."""
    measured = [json.loads(path.read_text("utf-8")) for path in sorted(RESULTS.glob("*.json"))]
    for page, is_knowing in PAGES.items():
        before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
        after = rest.partition(END)[2]
        parts = [
            section({name: row for name, row in results.items() if (name in KNOWING) == is_knowing})
            for results in measured
        ]
        made = "\n".join(part for part in parts if part)
        write_atomic(page, f"{before}{BEGIN}\n{made}\n{END}{after}")


def section(results: dict[str, dict[str, Any]]) -> str:
    """All that was measured on one processor; empty where nothing was."""
    if not results:
        return ""
    machine = next(iter(results.values()))["machine"]
    flags = ", ".join(machine["flags"])
    lines = [
        f"### {machine['processor']}",
        "",
        f"{machine['cores']} cores with {flags}; {machine['memory_gib']} GiB; {machine['system']}.",
        "",
        "| claim | target | reached | n | command |",
        "|---|---|---|---|---|",
    ]
    for row in results.values():
        reached = f"**{row['reached']}**" if row["is_met"] else f"{row['reached']} (missed)"
        cells = [row["claim"], row["target"], reached, row["n"], f"`{row['command']}`"]
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "What else came out, and when:", ""]
    for name, row in results.items():
        busy = f"{100 * row['others']:.0f} %"
        figures = "; ".join(f"{_words(k)} {_shown(v)}" for k, v in row["figures"].items())
        lines.append(f"- `{name}.py`, {row['date']}, others took {busy} of the cores: {figures}.")
    versions = {}
    for row in results.values():
        versions |= row["machine"]["versions"] | row["machine"]["peers"]
    lines += ["", ", ".join(f"{name} {number}" for name, number in versions.items()) + ".", ""]
    return "\n".join(lines)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_shown(item) for item in value)
    if isinstance(value, dict):
        return f"({', '.join(f'{_words(k)} {_shown(v)}' for k, v in value.items())})"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
