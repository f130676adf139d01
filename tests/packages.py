"""Packages of somebody else's, as an installer leaves them."""

from pathlib import Path


def declare(site: Path, distribution: str, group: str, **places: str) -> None:
    """Have `distribution` 1.0, installed in `site`, add to a group of entry points, by name."""
    metadata = site / f"{distribution.replace('-', '_')}-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n"
    )
    lines = [f"{name} = {place}" for name, place in places.items()]
    (metadata / "entry_points.txt").write_text("\n".join([f"[{group}]", *lines]))
