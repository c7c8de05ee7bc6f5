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
    rows. Cells are separated by commas, or by semicolons as spreadsheets write them where numbers
    have a decimal comma: the header says which.

    Args:
        path: a UTF-8 file, with or without a byte order mark.
        max_row_chars: a longer row is reported and passed over without being held in memory.

    Raises:
        SourceError: the file cannot be read.
    """
    csv.field_size_limit(max(max_row_chars, csv.field_size_limit()))  # the default is too small
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            yield from enumerate(_Reader(file, max_row_chars).rows(), start=-1)
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
    """The position two cells give in degrees; None when they give none on this globe.

    Degrees may have a decimal point or comma.
    """
    try:
        point = Point(*(float(cell.replace(",", ".")) for cell in (lat, lon)))
    except ValueError:
        return None
    return point if abs(point.lat) <= 90 and abs(point.lon) <= 180 else None


def delimiter_of(header: str) -> str:
    """What separates cells: a comma, or a semicolon where a spreadsheet writes decimal commas."""
    return ";" if ";" in header and "," not in header else ","


def clean_text(text: str) -> str:
    """One line without needless spaces, accents composed."""
    return " ".join(unicodedata.normalize("NFC", text).split())


class _Reader:
    """Reads rows; its lines can be put back once they were read."""

    def __init__(self, file: TextIO, limit: int) -> None:
        self._lines = _lines(file, limit)
        self._back: deque[str | None] = deque()  # lines that were put back
        self._limit = limit
        self._delimiter = ""  # as the header has it
        self._columns: int | None = None  # of the header

    def rows(self) -> Iterator[list[str] | str]:
        """Yield the cells of one row at a time, or what is wrong with it.

        No more than ``limit`` characters are held.
        """
        for line in self._next_lines():
            if line is None:
                yield TOO_LONG
            elif line.strip():
                if not self._delimiter:
                    self._delimiter = delimiter_of(line)
                cells = self._quoted(line) if _is_odd(line) else self._cells(line)
                if self._columns is None and isinstance(cells, list):
                    self._columns = len(cells)
                yield cells

    def _next_lines(self) -> Iterator[str | None]:
        """Lines that were put back, then others; None for one that is too long."""
        while True:
            try:
                yield self._back.popleft() if self._back else next(self._lines)
            except StopIteration:
                return

    def _quoted(self, line: str) -> list[str] | str:
        """Read the row of ``line``, which opens a quote, and the lines that belong to it."""
        held, size, closed, too_long = [line], len(line), False, False
        for more in self._next_lines():
            size += len(more or "")
            too_long = size > self._limit
            if more is None or too_long:
                self._back.appendleft(more)
                break
            held.append(more)
            if closed := _is_odd(more):
                break
        cells = self._cells("".join(held))
        if self._is_whole(cells):
            return cells
        for n in range(1, len(held)):
            # Up to the first line that is a whole row by itself all may belong to the broken one.
            if self._is_whole(self._cells(held[n])):
                self._back.extendleft(reversed(held[n:]))
                return UNCLOSED
        if closed and isinstance(cells, str):
            self._back.appendleft(held[-1])  # its quote closes no row, so it opens one
            return UNCLOSED
        if too_long:
            self._pass_over()
            return TOO_LONG
        return cells

    def _pass_over(self) -> None:
        """Leave out the rest of a row with an open quote: to its end, or to the next whole row."""
        for line in self._next_lines():
            if line is None or self._is_whole(self._cells(line)):
                self._back.appendleft(line)
                return
            if _is_odd(line):
                return

    def _is_whole(self, cells: list[str] | str) -> bool:
        return isinstance(cells, list) and len(cells) == self._columns

    def _cells(self, text: str) -> list[str] | str:
        if _is_odd(text):
            return UNCLOSED
        try:
            return next(csv.reader([text], delimiter=self._delimiter, strict=True), [])
        except csv.Error as error:
            return f"broken CSV: {error}"


def _is_odd(text: str) -> bool:
    """Whether it opens a quote and does not close it, or closes one opened before."""
    return text.count('"') % 2 == 1


def _lines(file: TextIO, limit: int) -> Iterator[str | None]:
    """Yield lines; None for a line beyond ``limit`` characters, of which little is ever held."""
    while line := file.readline(limit):
        if line.endswith(("\n", "\r")) or len(line) < limit:
            yield line
            continue
        while (rest := file.readline(limit)) and not rest.endswith("\n"):
            pass
        yield None
