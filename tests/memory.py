"""What Linux tells of this process's memory."""

from pathlib import Path

SMAPS = Path("/proc/self/smaps")


def resident_kb(file: Path) -> int:
    """How much of a mapped file is in memory."""
    _, _, its_own = SMAPS.read_text().partition(str(file))
    assert its_own, f"{file} is not mapped"
    return int(its_own.split("Rss:")[1].split()[0])
