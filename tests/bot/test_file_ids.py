import sqlite3
from pathlib import Path

import pytest

from bot.file_ids import FileIds
from core.errors import DataDirError
from core.querylog import QueryLog


async def test_file_ids_outlive_the_process_and_belong_to_one_bot(tmp_path: Path) -> None:
    path = tmp_path / "guide.sqlite3"
    async with QueryLog.open(path), FileIds.open(path, 42) as file_ids:
        await file_ids.remember({"a": "file-a", "b": "file-b"})
        await file_ids.remember({"b": "file-b2"})
        await file_ids.forget("a")
        assert (file_ids.get("a"), file_ids.get("b")) == (None, "file-b2")
    async with FileIds.open(path, 42) as again, FileIds.open(path, 43) as another_bot:
        assert (again.get("a"), again.get("b"), len(again)) == (None, "file-b2", 1)
        assert len(another_bot) == 0


async def test_a_database_that_is_none_is_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "guide.sqlite3"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(DataDirError):
        async with FileIds.open(path, 42):
            pass


async def test_a_failing_disk_does_not_lose_what_is_known_now(tmp_path: Path) -> None:
    path = tmp_path / "guide.sqlite3"
    async with FileIds.open(path, 42) as file_ids:
        with sqlite3.connect(path) as other:
            other.execute("DROP TABLE file_ids")
        await file_ids.remember({"a": "file-a"})
        assert file_ids.get("a") == "file-a"
