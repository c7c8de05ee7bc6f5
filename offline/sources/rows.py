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


def read_rows(path: Path, *, max_row_chars: int) -> Iterator[tuple[int, list[str] | str]]:
    """Yield (row number, cells) of a CSV file, or (row number, what is wrong with the row).

    The header is row -1 and data rows count from 0, as in a data frame. A cell may span lines. A
    quote that is never closed costs its own row only: when the following line is a whole row by
    itself, it is read as one.

    Args:
        path: a UTF-8 file, with or without a byte order mark.
        max_row_chars: a longer row is reported and passed over without being held in memory.

    Raises:
        SourceError: the file cannot be read.
    """
    csv.field_size_limit(max(max_row_chars, csv.field_size_limit()))  # the default is too small
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            columns = None
            for number, record in enumerate(_records(file, max_row_chars), start=-1):
                cells = _cells(record)
                if columns is None and isinstance(cells, list):
                    columns = len(cells)
                yield number, cells
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


def _cells(record: str | None) -> list[str] | str:
    if record is None:
        return "the row is too long"
    if record.count('"') % 2:
        return "a quote is opened and never closed"
    try:
        return next(csv.reader([record], strict=True), [])
    except csv.Error as error:
        return f"broken CSV: {error}"


def _records(file: TextIO, limit: int) -> Iterator[str | None]:
    """Yield the text of one row at a time; None for a row beyond ``limit`` characters."""
    pending, commas = "", None
    for line in _lines(file, limit):
        if line is None:
            if pending:
                yield pending
            pending = ""
            yield None
            continue
        complete = line.count('"') % 2 == 0
        if pending and complete and line.count(",") == commas:
            yield pending  # its quote was never closed: this line is a row of its own
            pending = ""
        if pending and len(pending) + len(line) > limit:
            yield None
            pending = ""
            continue
        pending += line
        if pending.count('"') % 2 == 0:
            if commas is None:
                commas = pending.count(",")
            if pending.strip():
                yield pending
            pending = ""
    if pending:
        yield pending


def _lines(file: TextIO, limit: int) -> Iterator[str | None]:
    """Yield lines; None for a line beyond ``limit`` characters, of which little is ever held."""
    while line := file.readline(limit):
        if line.endswith(("\n", "\r")) or len(line) < limit:
            yield line
            continue
        while (rest := file.readline(limit)) and not rest.endswith("\n"):
            pass
        yield None
