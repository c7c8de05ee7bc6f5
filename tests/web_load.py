"""``python -m tests.web_load``: many people use the real web guide at once; is it well?

The guide is a process of its own; every visitor has an address of their own and asks in turns for
photos, places, words nobody has asked before and photos nobody has sent before. Who is told to come
back later comes back then. Beside them come broken, huge, slow and abandoned uploads. At the end it
prints figures and exits with 1 when a goal is missed:

* no 5xx but 503 that says when to come back, and no broken connection
* hostile uploads get a 4xx or such a 503
* words are answered within the bound given, if one is given

Visitors and guide share the processor of this machine: on two cores the visitors slow the guide.
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

import aiohttp

from offline.sources.demo import demo_places, demo_query
from tests.soak import publish_demo
from tests.web.visitors import LOST, Errands, Seen, Visitors
from tests.web.web_process import WebProcess, web_process

LOOK_EVERY_S = 1


def main() -> int:
    """Run and report; the exit code is returned."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.web_load",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument(
        "--pause", type=float, default=1, help="seconds a visitor rests after an answer, on average"
    )
    parser.add_argument("--hostile", type=int, default=4, help="visitors who mean harm")
    parser.add_argument("--search-p95-ms", type=float, help="fail when words take longer")
    parser.add_argument("--data-dir", type=Path, help="a published guide; a demo city when missing")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data_dir = options.data_dir or Path(folder) / "data"
        if not (data_dir / "snapshots" / "current").exists():
            publish_demo(data_dir)
        return asyncio.run(_load(options, data_dir))


async def _load(options: argparse.Namespace, data_dir: Path) -> int:
    memory_mb: list[float] = []
    async with web_process(data_dir, GUIDE_WEB_REQUESTS_PER_MINUTE="100000") as web:
        await web.ready()
        visitors = Visitors(web.url, await errands(web.url), seed=options.seed)
        before_s = web.processor_s()
        watching = asyncio.create_task(_watch_memory(web, memory_mb))
        await visitors.stay(
            people=options.clients,
            hostile=options.hostile,
            seconds=options.seconds,
            pause_s=options.pause,
        )
        watching.cancel()
        busy_s = web.processor_s() - before_s
        most_mb = web.memory_mb("VmHWM")
        web.stop()
        code = await web.ended()
    report(visitors.seen, options.seconds)
    now_and_then = " ".join(f"{mb:.0f}" for mb in memory_mb[:: max(1, len(memory_mb) // 10)])
    print(f"resident memory            {now_and_then}, most {most_mb:.0f} MB")
    print(f"processor time, seconds    {busy_s:.1f}")
    print(f"exit code, errors logged   {code}, {web.log.count(' ERROR ')}")
    failed = bool(code) or not all_well(visitors.seen)
    p95_ms = visitors.seen["search"].percentile_ms(95)
    if options.search_p95_ms is not None and not p95_ms <= options.search_p95_ms:
        print(f"words took {p95_ms:.0f} ms, more than {options.search_p95_ms:.0f} ms")
        failed = True
    print("".join(line for line in web.log.splitlines(keepends=True) if " ERROR " in line), end="")
    print("FAILED" if failed else "passed")
    return 1 if failed else 0


async def errands(url: str) -> Errands:
    """What there is to ask this guide for."""
    async with (
        aiohttp.ClientSession(url) as http,
        http.get("/v1/places", params={"limit": "50"}) as response,
    ):
        places = (await response.json())["places"]
    return Errands(
        words=[name for place in places for name in (place["name"], place["name_en"]) if name],
        photos=[demo_query(place.place_id) for place in demo_places()],
        place_keys=[place["key"] for place in places],
        photo_urls=[place["photo"]["url"] for place in places],
    )


def all_well(seen: dict[str, Seen]) -> bool:
    """Whether everybody was answered as they deserve."""
    good = all(not one.failures for one in seen.values())
    refused = all(
        400 <= status < 500
        for kind, one in seen.items()
        for status in one.statuses
        if kind.startswith("hostile")
    )
    return good and refused


def report(seen: dict[str, Seen], seconds: float) -> None:
    """Print a line a kind."""
    print(f"{'':24}{'a second':>9}{'p50 ms':>8}{'p95 ms':>8}{'most':>8}  told to come back; others")
    for kind, one in sorted(seen.items()):
        others = {("lost" if s == LOST else s): n for s, n in sorted(one.statuses.items())}
        most = f"{max(one.seconds) * 1000:.0f}" if one.seconds else ""
        print(
            f"{kind:24}{len(one.seconds) / seconds:9.1f}{one.percentile_ms(50):8.0f}"
            f"{one.percentile_ms(95):8.0f}{most:>8}  {one.busy}; {others}"
        )


async def _watch_memory(web: WebProcess, memory_mb: list[float]) -> None:
    while True:
        memory_mb.append(await asyncio.to_thread(web.memory_mb))
        await asyncio.sleep(LOOK_EVERY_S)


if __name__ == "__main__":
    sys.exit(main())
