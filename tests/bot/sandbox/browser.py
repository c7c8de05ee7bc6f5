"""Headless Chromium, driven over its DevTools protocol."""

import asyncio
import base64
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
PATIENCE_S = 60
PROBE_S, PROBES = 0.05, 1200
KEYS = {"Enter": 13, "Escape": 27, "ArrowDown": 40, "ArrowUp": 38, "Tab": 9}


class Page:
    """One tab."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.complaints: list[str] = []  # errors of the page's scripts and its console
        self._socket = socket
        self._numbers = count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._listening = asyncio.create_task(self._listen())

    async def send(self, method: str, **params: Any) -> dict[str, Any]:
        """Call a DevTools method."""
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": params})
        async with asyncio.timeout(PATIENCE_S):
            return await answer

    async def open(self, url: str) -> None:
        """Go to an address and wait until it is loaded."""
        for domain in ("Page", "Runtime", "Log", "DOM"):
            await self.send(f"{domain}.enable")
        await self.send("Page.navigate", url=url)
        await self.until("document.readyState === 'complete'")

    async def run(self, script: str) -> Any:
        """The value of a JavaScript expression; a promise is awaited."""
        answer = await self.send(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in answer:
            raise AssertionError(f"{script}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    async def until(self, script: str) -> Any:
        """Wait until a JavaScript expression is true; returns its value."""
        for _ in range(PROBES):
            if value := await self.run(script):
                return value
            await asyncio.sleep(PROBE_S)
        seen = await self.run("document.body?.innerText")
        raise AssertionError(f"never came true: {script}\nthe page shows: {seen}")

    async def click(self, selector: str) -> None:
        """Click in the middle of the first visible element that fits."""
        element = f"[...document.querySelectorAll({json.dumps(selector)})]"
        visible = f"{element}.find((e) => e.getClientRects().length)"
        await self.until(f"Boolean({visible})")
        x, y = await self.run(
            f"(() => {{ const e = {visible}; e.scrollIntoView({{block: 'nearest'}});"
            " const r = e.getBoundingClientRect();"
            " return [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            await self.send(
                "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1
            )

    async def type(self, text: str) -> None:
        """Write into what has the focus."""
        await self.send("Input.insertText", text=text)

    async def press(self, key: str) -> None:
        """Press a named key."""
        code = KEYS[key]
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            await self.send(
                "Input.dispatchKeyEvent",
                type=kind, key=key, code=key, windowsVirtualKeyCode=code,
                **(text if kind == "keyDown" else {}),
            )  # fmt: skip

    async def choose_files(self, selector: str, files: Sequence[Path]) -> None:
        """Choose files in a file input."""
        root = (await self.send("DOM.getDocument"))["root"]["nodeId"]
        node = await self.send("DOM.querySelector", nodeId=root, selector=selector)
        paths = [str(file) for file in files]
        await self.send("DOM.setFileInputFiles", nodeId=node["nodeId"], files=paths)

    async def resize(self, width: int, height: int, *, phone: bool = False) -> None:
        """Show the page in a window, or on a touch screen, of this size."""
        await self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=2 if phone else 1, mobile=phone,
        )  # fmt: skip
        await self.send("Emulation.setTouchEmulationEnabled", enabled=phone)

    async def darken(self, dark: bool) -> None:
        """Prefer dark colours, or light ones."""
        feature = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.send("Emulation.setEmulatedMedia", features=[feature])

    async def picture(self) -> bytes:
        """What is seen, as a PNG."""
        taken = await self.send("Page.captureScreenshot", format="png")
        return base64.b64decode(taken["data"])

    async def close(self) -> None:
        """Stop listening."""
        self._listening.cancel()
        await asyncio.gather(self._listening, return_exceptions=True)

    async def _listen(self) -> None:
        async for message in self._socket:
            news = json.loads(message.data)
            if waiting := self._waiting.pop(news.get("id"), None):
                if "error" in news:
                    waiting.set_exception(AssertionError(str(news["error"])))
                else:
                    waiting.set_result(news["result"])
            elif news.get("method") == "Runtime.exceptionThrown":
                self.complaints.append(str(news["params"]["exceptionDetails"]))
            elif news.get("method") == "Log.entryAdded":
                entry = news["params"]["entry"]
                if entry["level"] == "error":
                    self.complaints.append(f"{entry['text']} {entry.get('url', '')}")


@asynccontextmanager
async def browser_page() -> AsyncIterator[Page]:
    """An empty tab of a new browser, which is gone at the end."""
    assert CHROMIUM, "there is no Chromium"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
            "--disable-dev-shm-usage", "--disable-background-networking", "--lang=en",
            "--remote-debugging-port=0", f"--user-data-dir={profile}", "about:blank",
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            port = await _port(Path(profile) / "DevToolsActivePort")
            async with aiohttp.ClientSession() as session:
                async with session.get(f"http://127.0.0.1:{port}/json/list") as response:
                    tabs = await response.json()
                [tab] = [tab for tab in tabs if tab["type"] == "page"]
                address = tab["webSocketDebuggerUrl"]
                async with session.ws_connect(address, max_msg_size=0) as socket:
                    page = Page(socket)
                    try:
                        yield page
                    finally:
                        await page.close()
        finally:
            process.kill()
            await process.wait()


async def _port(file: Path) -> int:
    for _ in range(PROBES):
        if lines := _lines(file):
            return int(lines[0])
        await asyncio.sleep(PROBE_S)
    raise AssertionError("Chromium did not start")


def _lines(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []
