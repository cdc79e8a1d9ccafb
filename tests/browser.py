"""The real app in a real browser: fixtures for the slow tests, and the same two doors for the screenshots.

No sleeps: Playwright's `expect` waits for what must be seen.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 60
PATIENCE_MS = 60_000  # a machine with more to do than cores answers late
_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a fresh server with an empty workspace, one for each test file."""
    with served(tmp_path_factory.mktemp("app")) as url:
        yield url


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """Debian's Chromium; skips where there is none."""
    if not has_chromium():
        pytest.skip("no Chromium on the PATH: Debian's package chromium holds it")
    with chromium() as opened:
        yield opened


@pytest.fixture
def page(browser: "Browser") -> Iterator["Page"]:
    """A new page; see `person`."""
    with person(browser) as opened:
        yield opened


@contextmanager
def person(browser: "Browser") -> Iterator["Page"]:
    """The page of somebody who shares nothing with the browser's other pages. It fails its test on a script error, on a request that leaves
    this machine and on an exception shown by Streamlit."""
    with browser.new_context(viewport={"width": 1400, "height": 1000}, locale="en-US") as context:
        opened = context.new_page()
        opened.set_default_timeout(PATIENCE_MS)
        wrong: list[str] = []
        opened.on("pageerror", lambda error: wrong.append(f"script error: {error}"))
        opened.on("request", lambda request: wrong.extend(_outside(request.url)))
        yield opened
        shown = opened.get_by_test_id("stException").all_inner_texts()
        assert not wrong + shown


def has_chromium() -> bool:
    """Whether this machine has Debian's Chromium."""
    return shutil.which("chromium") is not None


@contextmanager
def chromium() -> Iterator["Browser"]:
    """A Chromium without a window, closed after."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=_ARGS)
        yield opened
        opened.close()


@contextmanager
def served(home: Path, script: Path = ROOT / "app.py") -> Iterator[str]:
    """The URL of `script` served on a free port of this machine, its workspace in the folder `home`; the server ends after.

    Raises RuntimeError with the server's log where it ends early or stays silent.
    """
    url = f"http://127.0.0.1:{(port := _free_port())}"
    log = home / "server.log"
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)]
    environment = {**os.environ, "SHELFCAST_HOME": str(home)}
    with log.open("wb") as out:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out, start_new_session=True)
    try:
        _await_health(server, url, log)
        yield url
    finally:
        _end(server)


def open_page(page: "Page", url: str) -> None:
    """Goes to `url` and waits until its script has run."""
    page.goto(url)
    settled(page)


def settled(page: "Page") -> None:
    """Waits until Streamlit has nothing left to run. After a click, expect what it must show: the run may not have begun yet."""
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()


def _await_health(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    pause = 0.1
    for _ in range(int(START_SECONDS / pause)):
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=5):
                return
        except URLError:
            pass
        try:
            server.wait(timeout=pause)
            break
        except subprocess.TimeoutExpired:
            continue
    raise RuntimeError(f"the server did not start:\n{log.read_text(errors='replace')}")


def _end(server: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=10)
    except ProcessLookupError:
        server.wait()
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _outside(url: str) -> list[str]:
    parts = urlsplit(url)
    here = parts.scheme in ("data", "blob", "about") or parts.hostname in ("127.0.0.1", "localhost")
    return [] if here else [f"request to the outside: {url}"]
