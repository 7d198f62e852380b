"""Runs over some instruments of a day, and what a failed instrument leaves."""

import pyarrow as pa
import pytest

from market_data_assets.domain.datasets import Finality, TableFrame
from market_data_assets.domain.schemas import TRADES
from market_data_assets.errors import (
    NotListed,
    PartitionIncomplete,
    Retryable,
    SchemaDrift,
    Unusable,
)
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.manifest import AbsentEntry, FailedEntry
from market_data_assets.storage.stores.memory import MemoryStore
from market_data_assets_tests.storage.by_hand import write_ignoring_failures
from market_data_assets_tests.storage.days import BTC, DAY, ETH, SOL, START, frame, frames


def test_failed_instrument_leaves_the_others_committed(lake):
    with pytest.raises(PartitionIncomplete, match="reset by peer") as raised:
        lake.write_day(TRADES, frames({BTC: frame([START]), ETH: Retryable("reset by peer")}))
    assert list(raised.value.failures) == [str(ETH)]
    content = lake.manifest(TRADES, DAY).content
    assert content.failed == (FailedEntry(str(ETH), "Retryable: reset by peer"),)
    assert [entry.instrument_id for entry in content.files] == [str(BTC)]


def test_failed_instrument_keeps_what_was_stored_of_it(lake):
    lake.write_day(TRADES, frames({BTC: frame([START]), ETH: frame([START + 1])}))
    with pytest.raises(PartitionIncomplete):
        lake.write_day(TRADES, frames({BTC: frame([START + 2]), ETH: Retryable("reset")}))
    assert lake.read(TRADES, DAY, ETH).column("timestamp").cast(pa.int64()).to_pylist() == [START + 1]
    assert [entry.instrument_id for entry in lake.manifest(TRADES, DAY).content.failed] == [str(ETH)]


def test_partial_run_keeps_the_other_instruments(lake):
    lake.write_day(TRADES, frames({BTC: frame([START]), ETH: frame([START])}, absent={SOL: "not_listed"}))
    commit = lake.write_day(TRADES, frames({ETH: frame([START + 1, START + 2])}), partial=True)
    assert (commit.status, commit.rows, commit.instruments) == ("committed", 3, 2)
    assert commit.absent == (AbsentEntry(str(SOL), "not_listed"),)
    assert lake.read(TRADES, DAY, BTC).num_rows == 1
    assert lake.read(TRADES, DAY, ETH).num_rows == 2


@pytest.mark.parametrize("now", [frame([START]), NotListed("gone"), SchemaDrift("html"), Retryable("reset")])
@pytest.mark.parametrize("before", [frame([START + 1]), NotListed("gone"), SchemaDrift("html"), Retryable("reset")])
def test_partial_run_replaces_every_former_entry_of_its_instruments(before, now):
    lake = Lake(MemoryStore())
    write_ignoring_failures(lake, frames({BTC: before, ETH: frame([START])}))
    write_ignoring_failures(lake, frames({BTC: now}), partial=True)
    content = lake.manifest(TRADES, DAY).content
    kinds = {
        "stored": [entry.instrument_id for entry in content.files],
        "absent": [entry.instrument_id for entry in content.absent],
        "aside": [entry.instrument_id for entry in content.quarantined],
        "failed": [entry.instrument_id for entry in content.failed],
    }
    found = {kind for kind, instruments in kinds.items() if str(BTC) in instruments}
    kept = {"stored": isinstance(before, TableFrame), "aside": isinstance(before, Unusable)}
    expected = {_kind(now)} | {kind for kind, was in kept.items() if was and isinstance(now, Retryable)}
    assert found == expected
    assert str(ETH) in kinds["stored"]


def _kind(found: TableFrame | Exception) -> str:
    return {NotListed: "absent", SchemaDrift: "aside", Retryable: "failed"}.get(type(found), "stored")


def test_day_stays_provisional_while_a_part_of_it_is(lake):
    lake.write_day(TRADES, frames({BTC: frame([START]), ETH: frame([START])}, finality=Finality.PROVISIONAL))
    assert lake.write_day(TRADES, frames({BTC: frame([START])}), partial=True).finality is Finality.PROVISIONAL
    assert lake.write_day(TRADES, frames({BTC: frame([START]), ETH: frame([START])}), partial=True).finality is Finality.FINAL


def test_partial_run_over_nothing_is_the_day(lake):
    assert lake.write_day(TRADES, frames({BTC: frame([START])}), partial=True).version == 1
