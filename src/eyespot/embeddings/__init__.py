"""The response of a network to photos, computed once for each and kept."""

from eyespot.embeddings.embed import embed
from eyespot.embeddings.embedded import Embedded, Facts
from eyespot.embeddings.neighbours import nearest

__all__ = ["Embedded", "Facts", "embed", "nearest"]
