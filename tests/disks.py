"""Disks that tests fill."""

from pathlib import Path


def fill(disk: Path) -> Path:
    """Write to a disk until it is full; what was written, to be removed for room."""
    path = disk / "filling"
    with path.open("wb", buffering=0) as file:
        for size in (2**20, 2**12, 1):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                continue
    return path
