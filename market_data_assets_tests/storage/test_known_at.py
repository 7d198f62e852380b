"""The lake as it was known at an instant: every way of reading gives what a reader then would have been given."""

from itertools import count

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market_data_assets.domain.datasets import TableFrame
from market_data_assets.domain.days import TimeRange
from market_data_assets.domain.schemas import INSTRUMENTS, TRADES
from market_data_assets.errors import CorruptPartition, NoData, NotListed, PartitionMissing, QueryError
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.layout import MANIFEST
from market_data_assets.storage.stores.memory import MemoryStore
from market_data_assets_tests.storage.by_hand import PREFIX, put_by_hand
from market_data_assets_tests.storage.days import BTC, DAY, ETH, NEXT, START, frame, frames
from market_data_assets_tests.storage.options import CALL, PUT, SHARD


@pytest.fixture
def lake(lake: Lake) -> Lake:
    """Commits at 1000, 2000, …"""
    return Lake(lake.store, workers=2, clock=count(1000, 1000).__next__)


def times_of(table: pa.Table) -> list[int]:
    return table["timestamp"].cast(pa.int64()).to_pylist()


def test_restated_day_still_reads_as_it_was_known_before(lake):
    lake.write_day(TRADES, frames({BTC: frame([START, START + 1]), ETH: frame([START])}))
    lake.write_day(TRADES, frames({BTC: frame([START, START + 5, START + 6])}, absent={ETH: "not_listed"}))
    thursday, friday = lake.as_known_at(1999), lake.as_known_at(2000)
    assert times_of(thursday.read(TRADES, DAY, BTC)) == [START, START + 1]
    assert times_of(friday.read(TRADES, DAY, BTC)) == times_of(lake.read(TRADES, DAY, BTC)) == [START, START + 5, START + 6]
    assert thursday.instruments(TRADES, DAY) == [BTC, ETH]
    assert thursday.read(TRADES, DAY, ETH).num_rows == 1
    with pytest.raises(NoData, match="not_listed"):
        friday.read(TRADES, DAY, ETH)
    assert thursday.read(TRADES, DAY, BTC, ["price"], TimeRange(START + 1, START + 2)).to_pydict() == {"price": [2.0]}


def test_whole_day_and_its_inputs_are_those_of_the_time(lake):
    first = lake.write_day(TRADES, frames({BTC: frame([START]), ETH: NotListed("no file")})).manifest
    lake.write_day(TRADES, frames({BTC: frame([START, START + 1])}))
    day = lake.as_known_at(1000).read_day(TRADES, DAY)
    assert list(day) == [BTC]
    assert day.absent == {ETH: "not_listed"}
    assert times_of(day[BTC].read()) == [START]
    assert [batch.num_rows for batch in day[BTC].batches()] == [1]
    assert day.inputs == {f"{TRADES}/{DAY}": first.content.content_hash}


def test_exchange_day_is_made_of_the_neighbours_of_the_time(lake):
    late = START + 86_400_000_000
    lake.write_day(TRADES, frames({BTC: frame([START])}))
    lake.write_day(TRADES, frames({BTC: frame([late - 1, late])}, NEXT))
    lake.write_day(TRADES, frames({BTC: frame([late - 2, late])}, NEXT))
    found = {instant: times_of(lake.as_known_at(instant).read_exchange_day(TRADES, DAY)[BTC].read()) for instant in (1000, 2000, 3000)}
    assert found == {1000: [START], 2000: [START, late - 1], 3000: [START, late - 2]}


def test_table_of_a_whole_day_is_that_of_the_time(lake):
    row = dict.fromkeys(INSTRUMENTS.columns) | dict.fromkeys(
        ("instrument_id", "venue", "instrument_type", "native_symbol", "base_asset", "base_asset_canonical", "status", "source"), "x"
    )
    for venue in ("first", "second"):
        rows = [row | {"venue": venue, "base_multiplier": 1, "inverse": False, "quanto": False, "data_types": ["trades"]}]
        lake.write_table(INSTRUMENTS, DAY, TableFrame(pa.Table.from_pylist(rows, INSTRUMENTS.schema)))
    found = [lake.as_known_at(instant).read_table(INSTRUMENTS, DAY, ["venue"])["venue"].to_pylist() for instant in (1000, 2000)]
    assert found == [["first"], ["second"]]


def test_days_are_those_that_had_been_committed(lake):
    lake.write_day(TRADES, frames({BTC: frame([START])}))
    lake.write_day(TRADES, frames({BTC: frame([START])}, NEXT))
    lake.write_day(TRADES, frames({BTC: frame([START + 1])}))
    assert [lake.as_known_at(instant).days(TRADES) for instant in (999, 1000, 2000)] == [[], [DAY], [DAY, NEXT]]
    put_by_hand(lake, PREFIX + MANIFEST, b"?")
    assert lake.as_known_at(2000).days(TRADES) == [DAY, NEXT]
    with pytest.raises(CorruptPartition):
        lake.as_known_at(2000).manifest(TRADES, DAY)


def test_day_that_is_not_stored_at_all_is_missing_as_ever(lake):
    with pytest.raises(PartitionMissing, match="materialize that partition first"):
        lake.as_known_at(1000).read(TRADES, DAY, BTC)
    lake.write_day(TRADES, frames({BTC: frame([START])}))
    with pytest.raises(PartitionMissing, match="first revision was committed") as missing:
        lake.as_known_at(999).read_day(TRADES, DAY)
    assert missing.value.reason.startswith("first committed at ")


def test_frame_of_the_past_is_never_replaced_under_its_reader(lake):
    lake.write_day(TRADES, frames({BTC: frame([START])}))
    past = lake.as_known_at(1000)
    pinned = past.read_day(TRADES, DAY)
    for number in range(3):
        lake.write_day(TRADES, frames({BTC: frame([START + 5 + number])}))
        assert times_of(pinned[BTC].read()) == times_of(past.read(TRADES, DAY, BTC)) == [START]


def test_contract_and_shard_are_those_of_the_time_although_their_file_was_written_again(lake):
    lake.write_day(TRADES, frames({CALL: frame([START]), PUT: frame([START + 1])}))
    lake.write_day(TRADES, frames({PUT: frame([START + 2, START + 3])}), partial=True)
    lake.write_day(TRADES, frames({PUT: frame([START + 4])}))
    past = [lake.as_known_at(instant) for instant in (1000, 2000, 3000)]
    assert [times_of(each.read(TRADES, DAY, PUT)) for each in past] == [[START + 1], [START + 2, START + 3], [START + 4]]
    assert [times_of(each.read(TRADES, DAY, CALL)) for each in past[:2]] == [[START], [START]]
    assert [len(each.read_shard(TRADES, DAY, SHARD)) for each in past] == [2, 3, 1]


def test_instant_that_has_not_come_yet_reads_what_is_stored_now(lake):
    for rows in (1, 2):
        lake.write_day(TRADES, frames({BTC: frame(range(START, START + rows))}))
        assert lake.as_known_at(10**9).read(TRADES, DAY, BTC).num_rows == rows


def test_instrument_that_was_unknown_then_is_not_known(lake):
    lake.write_day(TRADES, frames({BTC: frame([START])}))
    lake.write_day(TRADES, frames({BTC: frame([START]), ETH: frame([START])}))
    with pytest.raises(QueryError, match="not known"):
        lake.as_known_at(1999).read(TRADES, DAY, ETH)


versions = st.lists(st.dictionaries(st.sampled_from([BTC, ETH]), st.integers(0, 3), min_size=1), min_size=1, max_size=6)


@settings(max_examples=25)
@given(versions, st.data())
def test_reading_the_past_gives_what_a_reader_then_was_given(contents, data):
    """Writes whole days and parts of days, and notes after each what a reader finds; later all of it is found again."""
    lake = Lake(MemoryStore(), workers=1, clock=count(1000, 1000).__next__)
    seen: dict[int, dict[object, list[int]]] = {}
    for content in contents:
        partial = data.draw(st.booleans())
        commit = lake.write_day(
            TRADES, frames({each: frame(range(START, START + rows)) for each, rows in content.items()}), partial=partial
        )
        now = lake.read_day(TRADES, DAY)
        seen[commit.manifest.committed_at] = {each: times_of(now[each].read()) for each in now}
    for instant, expected in seen.items():
        past = lake.as_known_at(instant).read_day(TRADES, DAY)
        assert {each: times_of(past[each].read()) for each in past} == expected
    assert [each.committed_at for each in lake.revisions(TRADES, DAY)] == sorted(seen)
