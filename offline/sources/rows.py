"""Reading messy CSV files row by row, in bounded memory, losing only what is broken."""

import csv
import unicodedata
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from core.errors import SourceError
from core.places import Point

# "\ufffd" stands where bytes were not UTF-8; the rows around it are still good.
REPLACEMENT = "\ufffd"

TOO_LONG = "the row is too long"
UNCLOSED = "a quote is opened and never closed"


def read_rows(path: Path, *, max_row_chars: int) -> Iterator[tuple[int, list[str] | str]]:
    """Yield (row number, cells) of a CSV file, or (row number, what is wrong with the row).

    The header is row -1 and data rows count from 0, as in a data frame. A cell may span lines: what
    closes with as many cells as the header has is one row, whatever its lines look like. Any other
    open quote costs its own row only: lines behind it that have as many cells by themselves are
    rows.

    Args:
        path: a UTF-8 file, with or without a byte order mark.
        max_row_chars: a longer row is reported and passed over without being held in memory.

    Raises:
        SourceError: the file cannot be read.
    """
    csv.field_size_limit(max(max_row_chars, csv.field_size_limit()))  # the default is too small
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            yield from enumerate(_rows(file, max_row_chars), start=-1)
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror or error}") from error


def named_rows(
    path: Path, required: Mapping[str, Sequence[str]], max_row_chars: int
) -> Iterator[tuple[str, dict[str, str] | str]]:
    """Yield (``file:row``, cells by lower-case column), or (``file:row``, what is wrong).

    Args:
        path: the file.
        required: columns the file must have, each with the headers it may stand under; a file
            without one of them is passed over as a whole.
        max_row_chars: see `read_rows`.

    Raises:
        SourceError: the file cannot be read.
    """
    header: list[str] | None = None
    for number, cells in read_rows(path, max_row_chars=max_row_chars):
        source = f"{path.name}:{number}"
        if header is None:
            names = [] if isinstance(cells, str) else [cell.strip().casefold() for cell in cells]
            for column, spellings in required.items():
                found = [name for name in names if name in spellings]
                if not found:
                    yield path.name, f"the file has no column {' or '.join(spellings)}; left out"
                    return
                names[names.index(found[0])] = column
            header = names
        elif isinstance(cells, str):
            yield source, cells
        elif len(cells) != len(header):
            yield source, f"the row has {len(cells)} cells instead of {len(header)}"
        else:
            yield source, dict(zip(header, cells, strict=True))
    if header is None:
        yield path.name, "the file is empty"


def read_point(lat: str, lon: str) -> Point | None:
    """The position two cells give in degrees; None when they give none on this globe."""
    try:
        point = Point(float(lat), float(lon))
    except ValueError:
        return None
    return point if abs(point.lat) <= 90 and abs(point.lon) <= 180 else None


def clean_text(text: str) -> str:
    """One line without needless spaces, accents composed."""
    return " ".join(unicodedata.normalize("NFC", text).split())


class _Lines:
    """Lines that can be put back once they were read; None stands for one that is too long."""

    def __init__(self, lines: Iterator[str | None]) -> None:
        self._lines = lines
        self._back: deque[str | None] = deque()

    def __iter__(self) -> Iterator[str | None]:
        return self

    def __next__(self) -> str | None:
        return self._back.popleft() if self._back else next(self._lines)

    def put_back(self, *lines: str | None) -> None:
        self._back.extendleft(reversed(lines))


def _rows(file: TextIO, limit: int) -> Iterator[list[str] | str]:
    """Yield the cells of one row at a time, or what is wrong with it.

    No more than ``limit`` characters are held.
    """
    columns: int | None = None  # of the header
    lines = _Lines(_lines(file, limit))
    for line in lines:
        if line is None:
            yield TOO_LONG
        elif line.strip():
            cells = _quoted(line, lines, limit, columns) if _is_odd(line) else _cells(line)
            if columns is None and isinstance(cells, list):
                columns = len(cells)
            yield cells


def _quoted(line: str, lines: _Lines, limit: int, columns: int | None) -> list[str] | str:
    """Read the row of ``line``, which opens a quote, and the ``lines`` that belong to it."""
    held, size, closed, too_long = [line], len(line), False, False
    for more in lines:
        size += len(more or "")
        too_long = size > limit
        if more is None or too_long:
            lines.put_back(more)
            break
        held.append(more)
        if closed := _is_odd(more):
            break
    cells = _cells("".join(held))
    if _is_whole(cells, columns):
        return cells
    for n in range(1, len(held)):
        # Up to the first line that is a whole row by itself all may belong to the broken one.
        if _is_whole(_cells(held[n]), columns):
            lines.put_back(*held[n:])
            return UNCLOSED
    if closed and isinstance(cells, str):
        lines.put_back(held[-1])  # its quote closes no row, so it opens one
        return UNCLOSED
    if too_long:
        _pass_over(lines, columns)
        return TOO_LONG
    return cells


def _pass_over(lines: _Lines, columns: int | None) -> None:
    """Leave out the rest of a row with an open quote: to its end, or to the next whole row."""
    for line in lines:
        if line is None or _is_whole(_cells(line), columns):
            lines.put_back(line)
            return
        if _is_odd(line):
            return


def _is_whole(cells: list[str] | str, columns: int | None) -> bool:
    return isinstance(cells, list) and len(cells) == columns


def _is_odd(text: str) -> bool:
    """Whether it opens a quote and does not close it, or closes one opened before."""
    return text.count('"') % 2 == 1


def _cells(text: str) -> list[str] | str:
    if _is_odd(text):
        return UNCLOSED
    try:
        return next(csv.reader([text], strict=True), [])
    except csv.Error as error:
        return f"broken CSV: {error}"


def _lines(file: TextIO, limit: int) -> Iterator[str | None]:
    """Yield lines; None for a line beyond ``limit`` characters, of which little is ever held."""
    while line := file.readline(limit):
        if line.endswith(("\n", "\r")) or len(line) < limit:
            yield line
            continue
        while (rest := file.readline(limit)) and not rest.endswith("\n"):
            pass
        yield None
