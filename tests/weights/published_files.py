"""Filled published networks as files of their publishers, and how far an answer is from golden."""

import dataclasses
import hashlib
import io
from collections.abc import Callable

import torch
from golden.fill import filled, golden, images, published_entries
from safetensors.torch import save

from eyespot.weights import catalogue


def published_file(
    published: str, *, kind: str, old_name: Callable[[str], str] = lambda name: name
) -> bytes:
    """A filled published state dict in float32: "safetensors", "zip" or "legacy" pickle.

    `old_name` gives what an entry is called in the file.
    """
    state = filled(published_entries()[published], gain=golden_row(published)["gain"])
    state = {old_name(k): t.float() if t.is_floating_point() else t for k, t in state.items()}
    if kind == "safetensors":
        return save(state)
    file = io.BytesIO()
    torch.save(state, file, _use_new_zipfile_serialization=kind != "legacy")
    return file.getvalue()


def checkpoint_of(published: str, content: bytes, url: str, *, suffix: str):
    """The row that a publisher's table would have for `content`."""
    digest = hashlib.sha256(content).hexdigest()
    return dataclasses.replace(
        catalogue.find(published),
        source=url,
        file=f"weights-{digest[:8]}.{suffix}",
        sha256_prefix=digest[:8],
    )


def golden_row(published: str) -> dict:
    (row,) = (r for r in golden("logits") if f"{r['library']}/{r['model']}" == published)
    return row


def differs_from_golden(network, published):
    """Largest distance of float32 logits from the golden ones, in standard deviations."""
    row = golden_row(published)
    with torch.inference_mode():
        logits = network(images(row["image_size"]).float()).double()
    theirs = torch.tensor([row["logits_0"], row["logits_1"]], dtype=torch.float64)
    return ((logits[:, :8] - theirs).abs().max() / row["std"]).item()
