"""Is this folder fit to train on: what cannot be read, is there twice, or belongs together."""

from eyespot.audit.examine import audit
from eyespot.audit.findings import KINDS, Audit
from eyespot.audit.write import write

__all__ = ["KINDS", "Audit", "audit", "write"]
