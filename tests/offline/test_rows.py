from pathlib import Path

import pytest

from core.errors import SourceError
from offline.sources.rows import named_rows, read_rows

PHOTO = "/9j/" + "A" * 300_000  # beyond the csv module's default field limit


def read(tmp_path: Path, text: str | bytes, limit: int = 1_000_000) -> list[object]:
    file = tmp_path / "x.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return [cells for _, cells in read_rows(file, max_row_chars=limit)]


def test_rows_are_counted_from_the_first_after_the_header(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("name,image\na,1\n\nb,2\n")
    rows = list(read_rows(tmp_path / "x.csv", max_row_chars=100))
    assert rows == [(-1, ["name", "image"]), (0, ["a", "1"]), (1, ["b", "2"])]


@pytest.mark.parametrize(
    ("text", "cells"), [("a;b\n1,5;2\n", ["1,5", "2"]), ("a,b\n1;5\n", ["1;5"])]
)
def test_what_separates_cells_is_what_the_header_says(
    tmp_path: Path, text: str, cells: list[str]
) -> None:
    assert read(tmp_path, text)[1] == cells


def test_cells_may_be_huge(tmp_path: Path) -> None:
    assert read(tmp_path, f"name,image\na,{PHOTO}\n")[1] == ["a", PHOTO]


def test_cells_may_be_quoted_and_span_lines(tmp_path: Path) -> None:
    rows = read(tmp_path, 'name,image\n"a ""b"", c","1\n2\n3"\nd,4\n')
    assert rows[1:] == [['a "b", c', "1\n2\n3"], ["d", "4"]]


def test_an_unclosed_quote_costs_its_own_row_only(tmp_path: Path) -> None:
    rows = read(tmp_path, 'name,image\n"a,1\nb,2\n"c,3\n"d",4\n')
    assert rows == [
        ["name", "image"],
        "a quote is opened and never closed",
        ["b", "2"],
        "a quote is opened and never closed",
        ["d", "4"],
    ]


@pytest.mark.parametrize("stray", ['2,"two,"x,y"', '2,tw"o,"x,y"', '"2,two,x', '2,two,"x,"y"'])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_stray_quote_costs_no_row_with_quoted_cells(
    tmp_path: Path, stray: str, newline: str
) -> None:
    others = [f'{n},name {n},"x,y"' for n in range(3, 9)]
    rows = read(
        tmp_path, newline.join(["id,name,kinds", '1,one,"x,y"', stray, *others, '9,nine,"x'])
    )
    assert rows[1] == ["1", "one", "x,y"]
    assert rows[2] == "a quote is opened and never closed"
    assert rows[3:-1] == [[str(n), f"name {n}", "x,y"] for n in range(3, 9)]
    assert rows[-1] == "a quote is opened and never closed"


def test_a_row_that_spans_lines_is_one_even_if_a_line_looks_like_a_row(tmp_path: Path) -> None:
    text = "Tomb.\nBuilt in 1632, by Shah Jahan, in Agra.\n\nWhite"
    rows = read(tmp_path, f'folder,name,description\ntaj,Taj,"{text}"\nfort,Fort,"a, b"\n')
    assert rows[1:] == [["taj", "Taj", text], ["fort", "Fort", "a, b"]]


@pytest.mark.parametrize("between", [[], ["3,4"]])
def test_a_row_that_spans_lines_may_follow_an_unclosed_quote(
    tmp_path: Path, between: list[str]
) -> None:
    rows = read(tmp_path, "\n".join(["a,b", '"1,2', *between, '5,"six', 'and, more"', "7,8"]))
    assert rows[1] == "a quote is opened and never closed"
    assert rows[2:] == [*(row.split(",") for row in between), ["5", "six\nand, more"], ["7", "8"]]


def test_a_row_with_too_many_cells_leaves_it_to_the_header_what_a_whole_row_is(
    tmp_path: Path,
) -> None:
    rows = read(tmp_path, 'a,b\n1,2,3\n"4,5\n6,7\n')
    assert rows[1:] == [["1", "2", "3"], "a quote is opened and never closed", ["6", "7"]]


def test_a_row_with_too_many_cells_that_spans_lines_is_one_row(tmp_path: Path) -> None:
    rows = read(tmp_path, 'a,b\n1,"x\ny\nz",3\n4,5\n')
    assert rows[1:] == [["1", "x\ny\nz", "3"], ["4", "5"]]


def test_a_header_may_span_lines(tmp_path: Path) -> None:
    rows = read(tmp_path, 'name,"image\n(base64)"\n"a,1\nb,2\n')
    assert rows == [["name", "image\n(base64)"], "a quote is opened and never closed", ["b", "2"]]


def test_an_unclosed_quote_costs_its_own_row_only_beyond_the_limit_too(tmp_path: Path) -> None:
    others = [f'{n},"{"x" * 90}"' for n in range(50)]
    rows = read(tmp_path, "\n".join(["a,b", '"1,2', *others]), 1000)
    assert rows[1:] == [
        "a quote is opened and never closed",
        *(o.replace('"', "").split(",") for o in others),
    ]


def test_a_row_of_many_lines_that_is_too_long_is_one_problem(tmp_path: Path) -> None:
    wrapped = "\n".join(["A" * 76] * 50)
    rows = read(tmp_path, f'name,image\na,"{wrapped}"\nb,"2"\nc,"{wrapped}\nd,4\n', 1000)
    assert rows[1:] == ["the row is too long", ["b", "2"], "the row is too long", ["d", "4"]]


def test_a_row_that_spans_lines_may_follow_one_that_is_too_long(tmp_path: Path) -> None:
    wrapped = "\n".join(["A" * 76] * 50)
    rows = read(tmp_path, f'name,image\na,"{wrapped}"\nb,"2\n3"\n', 1000)
    assert rows[1:] == ["the row is too long", ["b", "2\n3"]]


@pytest.mark.parametrize(
    ("lines", "problem"), [(1, "a quote is opened and never closed"), (50, "the row is too long")]
)
def test_a_line_that_is_too_long_ends_an_open_quote(
    tmp_path: Path, lines: int, problem: str
) -> None:
    opened = "\n".join(["A" * 76] * lines)
    rows = read(tmp_path, f'name,image\na,"{opened}\n{"x" * 5000}\nb,2\n', 1000)
    assert rows[1:] == [problem, "the row is too long", ["b", "2"]]


def test_a_photo_wrapped_into_many_lines_is_one_cell(tmp_path: Path) -> None:
    wrapped = "\n".join(["A" * 76] * 50_000)  # counting quotes anew on each line would take 40 s
    rows = read(tmp_path, f'name,image\na,"{wrapped}"\n', 10_000_000)
    assert rows[1:] == [["a", wrapped]]


def test_a_row_too_long_is_passed_over(tmp_path: Path) -> None:
    rows = read(tmp_path, f'name,image\na,{"x" * 5000}\nb,2\n"c,{"y" * 900}\n{"z" * 900}', 1000)
    assert rows == [
        ["name", "image"],
        "the row is too long",
        ["b", "2"],
        "the row is too long",
    ]


def test_a_file_without_line_ends_is_one_long_row(tmp_path: Path) -> None:
    assert read(tmp_path, "x" * 100_000, 1000) == ["the row is too long"]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_any_line_end_and_byte_order_mark_will_do(tmp_path: Path, newline: str) -> None:
    text = "\ufeff" + newline.join(["name,image", "Башня,1", "Мост,2"])
    assert read(tmp_path, text) == [["name", "image"], ["Башня", "1"], ["Мост", "2"]]


def test_bytes_that_are_not_utf8_harm_their_cell_only(tmp_path: Path) -> None:
    rows = read(tmp_path, b"name,image\n\xcc\xee\xf1\xf2,1\nb,2\n")
    assert rows[2] == ["b", "2"]
    assert "\ufffd" in rows[1][0]


def test_a_missing_file_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot read"):
        list(read_rows(tmp_path / "nope.csv", max_row_chars=10))


def test_columns_are_found_by_any_of_their_names(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("IMG, Name ,extra\n1,a,z\n")
    columns = {"name": ("name",), "image": ("image", "img")}
    assert list(named_rows(tmp_path / "x.csv", columns, 100)) == [
        ("x.csv:0", {"image": "1", "name": "a", "extra": "z"})
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the file is empty"),
        ("a,b\n1,2\n", "no column name"),
        ("name\na\n", "no column image or img"),
    ],
)
def test_a_file_without_what_is_needed_is_left_out(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "x.csv").write_text(text)
    columns = {"name": ("name",), "image": ("image", "img")}
    [(source, problem)] = named_rows(tmp_path / "x.csv", columns, 100)
    assert source == "x.csv"
    assert reason in problem
