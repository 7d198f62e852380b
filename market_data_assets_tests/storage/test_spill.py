"""One computation for several outputs."""

import gc
import threading
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest

from market_data_assets.domain.datasets import DailyFrames, Finality, Quarantined, TableFrame
from market_data_assets.domain.schemas import TRADES
from market_data_assets.errors import NoData, NotListed, Retryable, SchemaDrift, StorageFailed
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.spill import fan_out
from market_data_assets.storage.stores.memory import MemoryStore
from market_data_assets_tests.storage.days import BTC, DAY, ETH, SOL, START, frame, frames, trades

PARTS = ("all", "odd", "none")


class Counted:
    """Splits a frame in three, and counts how often it does."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error, self.calls, self._lock = error, 0, threading.Lock()

    def __call__(self, instrument, found):
        with self._lock:
            self.calls += 1
        if self.error is not None:
            raise self.error
        table = found.read()
        odd = table.take(pa.array(range(1, table.num_rows, 2), pa.int64()))
        aside = [Quarantined("odd", 1)]
        return {"all": TableFrame(table, aside, "v1"), "odd": TableFrame(odd), "none": TableFrame(table.slice(0, 0))}


def test_every_part_is_computed_once_and_together(tmp_path):
    compute = Counted()
    with fan_out(frames({BTC: frame([START, START + 1, START + 2]), ETH: frame([START])}), compute, PARTS, tmp_path) as days:
        assert {part: days[part][BTC].read().num_rows for part in PARTS} == {"all": 3, "odd": 1, "none": 0}
        assert days["odd"][ETH].read().num_rows == 0
        assert days["all"][ETH].read().to_pylist() == trades([START]).to_pylist()
        assert compute.calls == 2


def test_frames_that_waited_are_what_was_computed(tmp_path):
    with fan_out(frames({BTC: frame([START, START + 1])}), Counted(), PARTS, tmp_path) as days:
        days["odd"][BTC].read()
        waited = days["all"][BTC]
    assert waited.read().equals(trades([START, START + 1]))
    assert waited.read(["id"]).to_pydict() == {"id": [0, 1]}
    assert pa.Table.from_batches(waited.batches()).num_rows == 2
    assert (waited.quarantined, waited.source_version) == ((Quarantined("odd", 1),), "v1")
    assert next(iter(days)) == "all"


def test_nothing_is_computed_before_it_is_asked_for(tmp_path):
    compute = Counted()
    with fan_out(frames({BTC: frame([START])}), compute, PARTS, tmp_path):
        assert compute.calls == 0


@pytest.mark.parametrize("error", [NotListed("gone"), SchemaDrift("html")])
def test_refusal_is_the_same_for_every_part(error, tmp_path):
    compute = Counted(error)
    with fan_out(frames({BTC: frame([START])}), compute, PARTS, tmp_path) as days:
        for part in PARTS:
            with pytest.raises(type(error)):
                days[part][BTC]
        assert compute.calls == 1


def test_other_errors_are_tried_again(tmp_path):
    compute = Counted(Retryable("reset"))
    with fan_out(frames({BTC: frame([START])}), compute, PARTS, tmp_path) as days:
        with pytest.raises(Retryable):
            days["all"][BTC]
        compute.error = None
        assert days["all"][BTC].read().num_rows == 1


def test_part_that_is_left_out_has_no_data(tmp_path):
    with fan_out(frames({BTC: frame([START])}), lambda _, found: {"all": found}, PARTS, tmp_path) as days:
        assert days["all"][BTC].read().num_rows == 1
        with pytest.raises(NoData, match="odd"):
            days["odd"][BTC]


def test_days_keep_what_the_frames_say_of_the_day(tmp_path):
    source = frames({BTC: frame([START])}, absent={SOL: "not_listed"}, finality=Finality.PROVISIONAL, inputs={"raw": "1"})
    with fan_out(source, Counted(), PARTS, tmp_path) as days:
        assert (days["odd"].day, days["odd"].absent, days["odd"].finality, days["odd"].inputs) == (
            DAY, {SOL: "not_listed"}, Finality.PROVISIONAL, {"raw": "1"},
        )  # fmt: skip


def test_threads_share_one_computation(tmp_path):
    compute = Counted()
    with fan_out(frames({BTC: frame([START, START + 1])}), compute, PARTS, tmp_path) as days, ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda part: days[part][BTC].read().num_rows, PARTS))
    assert found == [2, 1, 0]
    assert compute.calls == 1


def test_nothing_stays_on_the_disk(tmp_path):
    with fan_out(frames({BTC: frame([START])}), Counted(), PARTS, tmp_path) as days:
        days["all"][BTC]
        assert list(tmp_path.rglob("*.arrow"))
    assert list(tmp_path.iterdir()) == []
    dropped = fan_out(frames({BTC: frame([START])}), Counted(), PARTS, tmp_path)
    dropped["all"][BTC]
    del dropped
    gc.collect()
    assert list(tmp_path.iterdir()) == []


def test_part_asked_for_after_closing_is_an_error(tmp_path):
    with fan_out(frames({BTC: frame([START])}), Counted(), PARTS, tmp_path) as days:
        days["all"][BTC]
    with pytest.raises(StorageFailed):
        days["odd"][BTC]


def test_lake_writes_every_part_of_a_fan_out(tmp_path):
    lake = Lake(MemoryStore())
    source = frames({BTC: frame([START, START + 1]), ETH: frame([START])})
    with fan_out(source, Counted(), PARTS, tmp_path) as days:
        rows = [lake.write_day(TRADES, DailyFrames(days[part].day, days[part].loaders)).rows for part in PARTS]
    assert rows == [3, 1, 0]
