"""The networks, one file per paper: `find` one, `build` it, or list all `architectures`."""

from eyespot.networks.catalogue import architectures, build, find

__all__ = ["architectures", "build", "find"]
