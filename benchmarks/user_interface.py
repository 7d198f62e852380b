"""The Dagster UI over 3,000 daily partitions, in a real browser: how long until the pages of one asset have their answers."""

import datetime as dt
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import httpx
from playwright.sync_api import Page, Request, sync_playwright

from benchmarks.timing import best
from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.defs.instance import open_instance
from market_data_assets.defs.specs import asset_key
from market_data_assets.domain.datasets import Dataset
from market_data_assets.domain.timeframes import Timeframe

DAYS = 3_000
_FIRST_DAY = dt.date(2016, 1, 1)
_DATASET = CANDLES[Timeframe.parse("1m")]
# What a chart of a day of candles takes, and so most of what the metadata of a partition takes.
_CHART_BYTES = 26_000
# The page asks again and again; what it shows first it has asked for by then.
_SETTLE_SECONDS = 4.0
_VIEWPORT = {"width": 1600, "height": 1000}
_PAGES = {"overview": "?view=overview", "partitions": "?view=partitions", "events": "?view=events"}


@dataclass(frozen=True, slots=True)
class PageLoad:
    """Seconds, of the best of a few loads.

    Attributes:
        page: Which of the asset's pages.
        answered: From the navigation until the last answer of GraphQL that the page asked for.
        slowest: The slowest of the questions, and its name.
    """

    page: str
    answered: float
    slowest: float
    question: str


def browser() -> Path | None:
    """A Chromium of this machine; None where there is none."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    return None if found is None else Path(found)


def measure(folder: Path, executable: Path) -> list[PageLoad]:
    """Every page of one asset with 3,000 materialized days, each with the metadata of a real one."""
    home = folder / f"instance-{DAYS}-{_CHART_BYTES}"
    _fill(home)
    with _web_server(home) as url, sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
        page = opened.new_page(viewport=_VIEWPORT)
        httpx.post(f"{url}/graphql", json={"query": "mutation { setNuxSeen }"}, timeout=60)
        loads = [_load(page, name, f"{url}/assets/{'/'.join(asset_key(_DATASET).path)}{view}") for name, view in _PAGES.items()]
        opened.close()
    return loads


def validate_seconds() -> float:
    """`dagster definitions validate`, in a process of its own."""
    command = [sys.executable, "-m", "dagster", "definitions", "validate", "-m", "market_data_assets.definitions"]
    return best(lambda: subprocess.run(command, check=True, capture_output=True), repeats=2)


def _load(page: Page, name: str, url: str) -> PageLoad:
    page.goto(url)
    page.wait_for_timeout(_SETTLE_SECONDS * 1e3)
    return min((_load_once(page, name, url) for _ in range(2)), key=lambda load: load.answered)


def _load_once(page: Page, name: str, url: str) -> PageLoad:
    """One load of the page, with the scripts of the UI in the browser's cache; each question counts the first time it is asked."""
    requests: list[Request] = []

    def note(request: Request) -> None:
        requests.append(request)

    page.on("requestfinished", note)
    page.goto(url)
    page.wait_for_timeout(_SETTLE_SECONDS * 1e3)
    page.remove_listener("requestfinished", note)
    began = min(request.timing["startTime"] for request in requests if request.is_navigation_request())
    answers: dict[str, Request] = {}
    for request in sorted(requests, key=lambda request: request.timing["startTime"]):
        if "/graphql?op=" in request.url:
            answers.setdefault(request.url.partition("op=")[2], request)
    slowest = max(answers, key=lambda question: answers[question].timing["responseEnd"])
    ends = [request.timing["startTime"] + request.timing["responseEnd"] for request in answers.values()]
    return PageLoad(name, (max(ends) - began) / 1e3, answers[slowest].timing["responseEnd"] / 1e3, slowest)


def _fill(home: Path) -> None:
    """Materializations of every day, straight into the instance. What is there already is left."""
    complete = home / "complete"
    if complete.exists():
        return
    shutil.rmtree(home, ignore_errors=True)
    chart = "x" * _CHART_BYTES
    with open_instance(home) as instance:
        for number in range(DAYS):
            day = _FIRST_DAY + dt.timedelta(days=number)
            instance.report_runless_asset_event(_materialization(_DATASET, day, chart))
    complete.touch()


def _materialization(dataset: Dataset, day: dt.date, chart: str) -> dg.AssetMaterialization:
    facts: Mapping[str, dg.MetadataValue[object]] = {
        "dagster/partition_row_count": dg.MetadataValue.int(1_440 * 50),
        "instruments": dg.MetadataValue.int(50),
        "bytes": dg.MetadataValue.int(40_000_000),
        "preview": dg.MetadataValue.md(
            "| timestamp | open | high | low | close |\n|---|---|---|---|---|\n" + "| 1 | 2 | 3 | 4 | 5 |\n" * 8
        ),
        "chart": dg.MetadataValue.md(f"![chart](data:image/png;base64,{chart})"),
    }
    return dg.AssetMaterialization(asset_key(dataset), partition=day.isoformat(), metadata=facts)


@contextmanager
def _web_server(home: Path) -> Iterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = int(listener.getsockname()[1])
    url = f"http://127.0.0.1:{port}"
    environment = {**os.environ, "DAGSTER_HOME": str(home), "MDA_ROOT": str(home / "lake"), "MDA_FIRST_DAY": str(_FIRST_DAY)}
    command = [sys.executable, "-m", "dagster_webserver", "-m", "market_data_assets.definitions", "-h", "127.0.0.1", "-p", str(port)]
    with (home / "web.log").open("wb") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        _wait_for(f"{url}/server_info")
        yield url
    finally:
        server.terminate()
        server.wait()


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            httpx.get(url, timeout=5)
        except httpx.TransportError:
            time.sleep(0.2)
        else:
            return
    raise TimeoutError(f"nothing answers at {url}")
