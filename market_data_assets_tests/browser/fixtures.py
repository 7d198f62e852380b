"""A real browser without a window, with a profile of its own, for tests that look at pages."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

VIEWPORT = {"width": 1280, "height": 800}
_NAMES = ("chromium", "chromium-browser", "google-chrome")
# No sandbox, since tests run as root in containers; the others keep the browser from talking to anybody but the test.
_FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser: MDA_CHROMIUM, or the first of the usual names that is installed."""
    found = os.environ.get("MDA_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if found is not None and Path(found).is_file():
        return Path(found)
    reason = f"no browser: {found or ', '.join(_NAMES)} is not there; set MDA_CHROMIUM to one"
    if os.environ.get("MDA_REQUIRE_BROWSER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def browser(chromium: Path, tmp_path_factory: pytest.TempPathFactory) -> "Iterator[BrowserContext]":
    """A window of 1280 × 800 points, in which every test opens pages of its own."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    with sync_playwright() as driver:
        profile = tmp_path_factory.mktemp("profile")
        context = driver.chromium.launch_persistent_context(profile, executable_path=chromium, args=_FLAGS, viewport=VIEWPORT)
        yield context
        context.close()
