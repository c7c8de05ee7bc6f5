"""How a job tells how far it has come."""

from collections.abc import Callable

Advanced = Callable[[int], None]  # told how many are done since the last call
# Told what is being done and how many there are, if that is known; tells where to report.
Started = Callable[[str, int | None], Advanced]


def unwatched(what: str, total: int | None) -> Advanced:
    """For jobs that nobody watches."""
    return lambda done: None
