"""The real web guide with many people and with trouble; see `tests.web_load`."""

from pathlib import Path

import pytest

from tests.web.visitors import SHARES, Visitors
from tests.web.web_process import web_process
from tests.web_load import all_well, errands

pytestmark = pytest.mark.load


async def test_a_crowd_with_hostile_uploads_among_it_gets_no_server_error(data_dir: Path) -> None:
    async with web_process(data_dir) as web:
        await web.ready()
        before_mb = web.memory_mb()
        visitors = Visitors(web.url, await errands(web.url))
        await visitors.stay(people=40, hostile=7, seconds=15, pause_s=1)
        most_mb = web.memory_mb("VmHWM")
        web.stop()
        assert await web.ended() == 0, web.log
    assert all_well(visitors.seen), visitors.seen
    assert all(visitors.seen[kind].statuses[200] for kind in SHARES), visitors.seen
    assert len([kind for kind in visitors.seen if kind.startswith("hostile")]) == 7
    assert " ERROR " not in web.log
    assert "Traceback" not in web.log
    assert most_mb < before_mb + 500  # 16 photos of 20 MB would be 320


async def test_visitors_who_ask_too_much_are_told_to_wait(data_dir: Path) -> None:
    async with web_process(data_dir, GUIDE_WEB_REQUESTS_PER_MINUTE="2") as web:
        await web.ready()
        visitors = Visitors(web.url, await errands(web.url))
        await visitors.stay(people=5, hostile=0, seconds=5, pause_s=0.1)
        web.stop()
        assert await web.ended() == 0, web.log
    assert all_well(visitors.seen), visitors.seen
    assert sum(one.statuses[429] for one in visitors.seen.values()) > 0
