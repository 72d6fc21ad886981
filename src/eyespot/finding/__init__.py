"""Where is this target? A part of one photo looked for in another, by a network's features."""

from eyespot.finding.places import Match
from eyespot.finding.search import Found, find

__all__ = ["Found", "Match", "find"]
