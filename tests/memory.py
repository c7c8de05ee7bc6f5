"""What Linux tells of this process's memory."""

from pathlib import Path

SMAPS = Path("/proc/self/smaps")


def resident_kb(file: Path) -> int:
    """How much of a mapped file is in memory."""
    mappings = SMAPS.read_text().split(f" {file}\n")[1:]
    assert mappings, f"{file} is not mapped"
    return sum(int(mapping.split("Rss:")[1].split()[0]) for mapping in mappings)
