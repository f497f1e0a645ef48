"""Where the content of papers is kept: on disk, each by its hash, so the same paper is kept once.

Two functions are all that a deployment must give to keep them elsewhere.
"""

import hashlib
import os
import tempfile
from pathlib import Path

from loadboard.settings import settings


def keep(content: bytes) -> str:
    """Stores a paper so that it outlives a crash; its name from now on."""
    name = hashlib.sha256(content).hexdigest()
    path = kept(name)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, part = tempfile.mkstemp(dir=path.parent, suffix=".part")
        with os.fdopen(descriptor, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        Path(part).rename(path)
    return name


def kept(name: str) -> Path:
    """The file of a paper."""
    root = settings().documents or settings().home / "documents"
    return root / name[:2] / name
