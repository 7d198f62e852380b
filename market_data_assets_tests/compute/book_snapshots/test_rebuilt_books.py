"""The stored best bid and ask at every bucket's end are those of the book rebuilt from the exchange's own messages."""

import gzip
import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from market_data_assets.compute.book_snapshots import from_book
from market_data_assets.compute.contract import Contract
from market_data_assets.domain.days import day_end
from market_data_assets.domain.timeframes import FINEST
from market_data_assets_tests.compute.book_snapshots.test_real_books import DAY, INVERSE, LINEAR, SPOT, raw_book, rows_of_day

_RECORDINGS = [
    (SPOT, 5, "spot/btcusdt"),
    (SPOT, 25, "spot/btcusdt"),
    (LINEAR, 5, "usdm/btcusdt"),
    (LINEAR, 25, "usdm/btcusdt"),
    (INVERSE, 5, "cm/btcusd_perp"),
]
_WIDTH = FINEST.microseconds


Message = dict[str, Any]
Top = tuple[float, float, float, float]
"""Ask, its amount, bid, its amount."""


def _messages(file: Path) -> Iterator[tuple[int, Message]]:
    """Depth messages with the exchange's time in µs; the arrival's where a snapshot has none."""
    with gzip.open(file, "rt") as lines:
        for line in lines:
            if "@depth" in line or "lastUpdateId" in line:
                arrival, text = line.split(" ", 1)
                message = json.loads(text)
                message = message.get("data", message)
                time = message.get("T", message.get("E"))
                yield (int(arrival) // 1_000 if time is None else time * 1_000), message


def _from_the_snapshot_on(messages: Iterator[tuple[int, Message]]) -> Iterator[tuple[int, Message]]:
    """As the exchange documents it: the snapshot, then the updates that end after it, those received before it included."""
    early: list[tuple[int, Message]] = []
    for time, message in messages:
        early.append((time, message))
        if "lastUpdateId" in message:
            last = message["lastUpdateId"]
            yield time, {"b": message["bids"], "a": message["asks"]}
            yield from ((at, update) for at, update in chain(early[:-1], messages) if update["u"] > last)


def _tops(file: Path) -> dict[int, Top]:
    """The best levels at the ends of the buckets of the day, by end in µs, from the first bucket with a book on."""
    sides: dict[str, dict[float, float]] = {"b": {}, "a": {}}
    tops: dict[int, Top] = {}
    end = 0
    for time, message in _from_the_snapshot_on(_messages(file)):
        end = end or time - time % _WIDTH + _WIDTH
        while time >= end:
            ask, bid = min(sides["a"]), max(sides["b"])
            tops[end] = (ask, sides["a"][ask], bid, sides["b"][bid])
            end += _WIDTH
        for side, levels in sides.items():
            for price, amount in message[side]:
                levels[float(price)] = float(amount)
                if not levels[float(price)]:
                    del levels[float(price)]
    return {end: top for end, top in tops.items() if end <= day_end(DAY)}


@pytest.mark.parametrize(
    ("market", "levels", "recording"), _RECORDINGS, ids=[f"{recording} {levels}" for _, levels, recording in _RECORDINGS]
)
def test_the_book_rebuilt_from_raw_messages_agrees_at_every_bucket_end(
    samples: Path, market: tuple[str, str, Contract], levels: int, recording: str
) -> None:
    exchange, symbol, contract = market
    rows = rows_of_day(samples / "tardis_from_raw" / "v1", exchange, f"book_snapshot_{levels}", symbol)
    snapshots = from_book(raw_book(rows, levels), contract, DAY, [FINEST])[FINEST].table
    ends = [int(end.timestamp()) * 1_000_000 for end in snapshots["timestamp_close"].to_pylist()]
    stored = snapshots.select(["ask_price_1", "ask_amount_1", "bid_price_1", "bid_amount_1"]).to_pylist()
    rebuilt = _tops(samples / "raw_ws" / "hftbacktest" / f"{recording}_20240808.gz")
    shown = {end: tuple(row.values()) for end, row in zip(ends, stored, strict=True) if row["ask_price_1"] is not None}
    assert len(rebuilt) >= 22
    assert shown == rebuilt
