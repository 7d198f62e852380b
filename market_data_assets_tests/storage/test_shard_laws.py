"""However contracts are spread over runs, each reads back as the last run that found it left it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from market_data_assets.domain.datasets import Dataset
from market_data_assets.domain.schemas import TRADES
from market_data_assets.errors import MarketDataError, NotListed, PartitionIncomplete, Retryable, SchemaDrift
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.stores.memory import MemoryStore
from market_data_assets_tests.storage.days import BTC, DAY, START, frame, frames
from market_data_assets_tests.storage.options import OPTIONS, OTHER_UNDERLYING, SHARD

DATASET = Dataset(TRADES.tier, TRADES.name, "", TRADES.columns, partition=TRADES.partition, row_group_rows=2)
ABSENT, ASIDE, FAILED = "absent", "aside", "failed"
ERRORS = {ABSENT: NotListed, ASIDE: SchemaDrift, FAILED: Retryable}
instruments = st.sampled_from([*OPTIONS[:3], OTHER_UNDERLYING, BTC])
findings = st.lists(st.integers(START, START + 3), max_size=4).map(sorted) | st.sampled_from([ABSENT, ASIDE, FAILED])
runs = st.lists(st.tuples(st.booleans(), st.dictionaries(instruments, findings, max_size=4)), min_size=1, max_size=4)


def _write(lake: Lake, found, *, partial: bool) -> None:
    made = {each: ERRORS[times](times) if isinstance(times, str) else frame(times) for each, times in found.items()}
    try:
        lake.write_day(DATASET, frames(made), partial=partial)
    except PartitionIncomplete:
        return


def _after(stored, found, *, partial: bool):
    kept = {each: times for each, times in stored.items() if found.get(each) == FAILED or (partial and each not in found)}
    return {**kept, **{each: times for each, times in found.items() if not isinstance(times, str)}}


@given(runs)
@settings(max_examples=60, deadline=None)
def test_each_contract_is_as_it_was_written_last_and_nothing_else_is_there(history):
    lake, expected = Lake(MemoryStore(), workers=1), {}
    for partial, found in history:
        _write(lake, found, partial=partial)
        expected = _after(expected, found, partial=partial)
    assert {each: _times(lake, each) for each in lake.instruments(DATASET, DAY)} == expected
    rows = sum(map(len, expected.values()))
    assert sum(entry.rows for entry in lake.manifest(DATASET, DAY).content.files) == rows
    assert lake.recover(DATASET, DAY).damaged == []
    _check_shard(lake, {str(each): times for each, times in expected.items() if each in OPTIONS})
    _check_again(lake, expected)


def _check_shard(lake: Lake, expected) -> None:
    try:
        found = lake.read_shard(DATASET, DAY, SHARD, ["timestamp"])
    except MarketDataError:
        assert not expected
        return
    pairs = list(zip(found["instrument_id"].to_pylist(), (value.value for value in found["timestamp"]), strict=True))
    assert pairs == [(each, time) for each, times in sorted(expected.items()) for time in times]


def _check_again(lake: Lake, expected) -> None:
    """The same rows in one run are the same bytes, so nothing is left of the history."""
    before = {entry.name: entry.sha256 for entry in lake.manifest(DATASET, DAY).content.files}
    lake.write_day(DATASET, frames({each: frame(times) for each, times in expected.items()}))
    assert {entry.name: entry.sha256 for entry in lake.manifest(DATASET, DAY).content.files} == before


def _times(lake: Lake, instrument) -> list[int]:
    return [value.value for value in lake.read(DATASET, DAY, instrument, ["timestamp"])["timestamp"]]
