"""Runs over the whole day that keep some instruments as they are stored."""

from dataclasses import replace

import pytest

from market_data_assets.domain.datasets import DailyFrames, Finality
from market_data_assets.domain.schemas import OPTIONS_CHAIN, TRADES
from market_data_assets.errors import ConcurrentCommit, PartitionIncomplete, Retryable
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.merging import MIXED
from market_data_assets.storage.stores.memory import MemoryStore
from market_data_assets_tests.client.lakes import write_chain
from market_data_assets_tests.storage.days import BTC, DAY, ETH, SOL, START, frame, frames
from market_data_assets_tests.storage.options import CALL, PUT


def rows_of(lake, dataset, *instruments) -> dict:
    content = lake.manifest(dataset, DAY).content
    return {instrument: content.file_of(str(instrument)).rows_sha256 for instrument in instruments}


def stored(lake, dataset=TRADES) -> list[str | None]:
    return [entry.instrument_id for entry in lake.manifest(dataset, DAY).content.files]


def test_kept_instruments_stay_and_the_others_are_what_the_run_found(lake):
    lake.write_day(TRADES, frames({BTC: frame([START]), ETH: frame([START]), SOL: frame([START])}, inputs={"a": "1"}))
    run = frames({ETH: frame([START + 1])}, kept=rows_of(lake, TRADES, BTC), inputs={"b": "2"}, finality=Finality.PROVISIONAL)
    commit = lake.write_day(TRADES, run)
    assert stored(lake) == [str(BTC), str(ETH)]
    assert lake.read(TRADES, DAY, BTC).num_rows == 1
    assert (dict(commit.manifest.content.inputs), commit.finality) == ({"b": "2"}, Finality.PROVISIONAL)
    assert not commit.manifest.content.kept


def test_manifest_alone_is_committed_where_all_instruments_are_kept(lake):
    lake.write_day(TRADES, frames({BTC: frame([START])}, finality=Finality.PROVISIONAL))
    before = lake.manifest(TRADES, DAY).content.files
    commit = lake.write_day(TRADES, frames({}, kept=rows_of(lake, TRADES, BTC)))
    assert (commit.version, commit.finality, commit.manifest.content.files) == (2, Finality.FINAL, before)
    assert lake.read(TRADES, DAY, BTC).num_rows == 1
    assert lake.write_day(TRADES, frames({}, kept=rows_of(lake, TRADES, BTC))).status == "noop"


def test_kept_rows_that_somebody_replaced_meanwhile_are_not_vouched_for(lake):
    lake.write_day(TRADES, frames({BTC: frame([START]), ETH: frame([START])}))
    decided = rows_of(lake, TRADES, BTC)
    lake.write_day(TRADES, frames({BTC: frame([START + 1])}), partial=True)
    with pytest.raises(ConcurrentCommit):
        lake.write_day(TRADES, frames({ETH: frame([START + 2])}, kept=decided))
    assert lake.manifest(TRADES, DAY).version == 2


def test_failed_instrument_beside_kept_ones_keeps_its_file_too(lake):
    lake.write_day(TRADES, frames({BTC: frame([START]), ETH: frame([START])}))
    with pytest.raises(PartitionIncomplete):
        lake.write_day(TRADES, frames({ETH: Retryable("reset")}, kept=rows_of(lake, TRADES, BTC)))
    assert stored(lake) == [str(BTC), str(ETH)]


def test_partial_run_says_nothing_about_columns_of_the_rows_that_it_keeps(lake, monkeypatch):
    lake.write_day(TRADES, frames({BTC: frame([START]), ETH: frame([START])}))
    older = lake.manifest(TRADES, DAY).content.schema_fingerprint
    monkeypatch.setattr("market_data_assets.storage.building.schema_fingerprint", lambda _: "newer")
    lake.write_day(TRADES, frames({BTC: frame([START + 1])}), partial=True)
    assert lake.manifest(TRADES, DAY).content.schema_fingerprint == older
    lake.write_day(TRADES, frames({BTC: frame([START]), ETH: frame([START])}), partial=True)
    assert lake.manifest(TRADES, DAY).content.schema_fingerprint == "newer"


def test_equal_rows_of_columns_that_may_have_more_types_are_noted_as_such(lake, monkeypatch):
    lake.write_day(TRADES, frames({BTC: frame([START])}))
    monkeypatch.setattr("market_data_assets.storage.building.schema_fingerprint", lambda _: "newer")
    assert lake.write_day(TRADES, frames({BTC: frame([START])})).status == "committed"
    assert lake.manifest(TRADES, DAY).content.schema_fingerprint == "newer"
    assert lake.write_day(TRADES, frames({BTC: frame([START])})).status == "noop"


def test_partial_run_says_which_inputs_were_others_for_the_rest(lake):
    first = frames({BTC: frame([START])}, inputs={"a": "1", "b": "1", "gone": "1"})
    assert not lake.write_day(TRADES, first, partial=True).manifest.content.inputs
    lake.write_day(TRADES, first)
    run = frames({ETH: frame([START])}, inputs={"a": "1", "b": "2", "new": "1"})
    mixed = {"a": "1", "b": MIXED, "gone": MIXED, "new": MIXED}
    assert lake.write_day(TRADES, run, partial=True).manifest.content.inputs == mixed
    assert lake.write_day(TRADES, run, partial=True).manifest.content.inputs == mixed


def test_equal_rows_made_from_something_else_are_noted_as_such(lake):
    lake.write_day(TRADES, frames({BTC: frame([START], version="v1")}))
    assert lake.write_day(TRADES, frames({BTC: frame([START], version="v1")})).status == "noop"
    assert lake.write_day(TRADES, frames({BTC: frame([START], version="v2")})).status == "committed"
    assert lake.manifest(TRADES, DAY).content.source_versions == {str(BTC): "v2"}


@pytest.mark.parametrize("again", [(), (PUT,)])
def test_kept_contracts_of_a_shard_stay_and_those_that_are_gone_go(again):
    lake = Lake(MemoryStore(), workers=1)
    quotes = {str(CALL): [("2024-08-08T00:00", 0.1)], str(PUT): [("2024-08-08T00:00", 0.2)]}
    write_chain(lake, DAY, quotes)
    chain = lake.read_day(OPTIONS_CHAIN, DAY)
    run = replace(chain, loaders={each: chain.loaders[each] for each in again}, kept=rows_of(lake, OPTIONS_CHAIN, CALL))
    before = rows_of(lake, OPTIONS_CHAIN, CALL)
    lake.write_day(OPTIONS_CHAIN, run)
    assert stored(lake, OPTIONS_CHAIN) == sorted(map(str, (CALL, *again)))
    assert rows_of(lake, OPTIONS_CHAIN, CALL) == before
    assert lake.read(OPTIONS_CHAIN, DAY, CALL, ["mark_price"]).to_pydict() == {"mark_price": [0.1]}


def test_shard_of_kept_contracts_is_not_written_again():
    lake = Lake(MemoryStore(), workers=1)
    write_chain(lake, DAY, {str(CALL): [("2024-08-08T00:00", 0.1)], str(PUT): [("2024-08-08T00:00", 0.2)]})
    before = lake.manifest(OPTIONS_CHAIN, DAY).content
    lake.write_day(OPTIONS_CHAIN, DailyFrames(DAY, {}, kept=rows_of(lake, OPTIONS_CHAIN, CALL, PUT), inputs={"a": "1"}))
    assert lake.manifest(OPTIONS_CHAIN, DAY).content.files == before.files
