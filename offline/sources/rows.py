"""Reading messy CSV files row by row, in bounded memory, losing only what is broken."""

import csv
import unicodedata
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


def _rows(file: TextIO, limit: int) -> Iterator[list[str] | str]:
    """Yield the cells of one row at a time, or what is wrong with it.

    No more than ``limit`` characters are held.
    """
    columns: int | None = None  # of the header
    held: list[str] = []  # the lines since a quote was opened
    passing_over = False  # the rest of a row that became too long
    size = 0
    for line in _lines(file, limit):
        if line is None:
            yield from (*_split(held, columns), TOO_LONG)
            held, passing_over = [], False
            continue
        if held and size + len(line) > limit:
            rows = _split(held, columns)
            passing_over = len(rows) == 1
            yield from [TOO_LONG] if passing_over else rows
            held = []
        odd = line.count('"') % 2 == 1
        if passing_over:
            passing_over = not odd and not _is_whole(_cells(line), columns)
            if passing_over or odd:
                continue
        if not held and not line.strip():
            continue
        size = size + len(line) if held else len(line)
        held.append(line)
        if odd == (len(held) == 1):
            continue  # the quote is still open
        cells = _cells("".join(held))
        rows = [] if _is_whole(cells, columns) else _split(held[:-1], columns)
        if len(rows) > 1 or (rows and isinstance(cells, str)):
            yield from rows
            held, size = [line], len(line)  # the quote in it did not close a row, so it opens one
            continue
        held = []
        yield cells
        if columns is None and isinstance(cells, list):
            columns = len(cells)
    yield from _split(held, columns)


def _split(lines: Sequence[str], columns: int | None) -> list[list[str] | str]:
    """Read lines as rows, the first of which opens a quote that is never closed.

    Up to the first line that is a whole row by itself all may belong to the broken one.
    """
    if not lines:
        return []
    rows = [_cells(line) for line in lines[1:] if line.strip()]
    whole = (n for n, cells in enumerate(rows) if _is_whole(cells, columns))
    return [UNCLOSED, *rows[next(whole, len(rows)) :]]


def _is_whole(cells: list[str] | str, columns: int | None) -> bool:
    return isinstance(cells, list) and len(cells) == columns


def _cells(text: str) -> list[str] | str:
    if text.count('"') % 2:
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
