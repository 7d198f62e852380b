"""Every column of every timeframe against the slow reference, over unruly books."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market_data_assets.compute.book_snapshots import from_book
from market_data_assets.compute.book_snapshots.registry import FEATURES
from market_data_assets.compute.contract import Contract
from market_data_assets.domain.datasets import TIMESTAMP
from market_data_assets.domain.timeframes import TIMEFRAMES
from market_data_assets_tests.compute.book_snapshots.books import DAY, INVERSE, LINEAR, OPTION, SECOND, Row, listed, table, unruly_rows
from market_data_assets_tests.compute.book_snapshots.reference import reference_rows

FIRST, LAST = 37_013 * SECOND, 37_913 * SECOND


def assert_equals_reference(rows: list[Row], contract: Contract, levels: int) -> None:
    tables = from_book(table(rows, levels), contract, DAY, TIMEFRAMES)
    for timeframe, frame in tables.items():
        expected = reference_rows(rows, contract, timeframe, levels)
        found = {name: _plain(frame.table[name]) for name in frame.table.column_names}
        for feature in FEATURES:
            wanted = [row[feature.name] for row in expected]
            assert len(found[feature.name]) == len(wanted), timeframe
            for number, (value, want) in enumerate(zip(found[feature.name], wanted, strict=True)):
                assert _same(value, want), (str(timeframe), feature.name, number, value, want)


def _plain(column: object) -> list[object]:
    is_instant = column.type == TIMESTAMP  # type: ignore[attr-defined]
    return (column.cast("int64") if is_instant else column).to_pylist()  # type: ignore[attr-defined]


def _same(value: object, want: object) -> bool:
    if isinstance(value, float) and isinstance(want, float):
        # Costs are differences of nearly equal prices: 1e-8 bps is their noise.
        return math.isclose(value, want, rel_tol=1e-8, abs_tol=1e-8)
    return value == want


@pytest.mark.parametrize("levels", [1, 5, 25])
@pytest.mark.parametrize("contract", [LINEAR, INVERSE, OPTION], ids=lambda contract: str(contract.instrument_id))
@settings(max_examples=8)
@given(data=st.data())
def test_every_column_of_every_timeframe_is_what_its_record_says(data: st.DataObject, contract: Contract, levels: int) -> None:
    rows = data.draw(unruly_rows(levels=levels, first=FIRST, last=LAST))
    assert_equals_reference(rows, listed(contract, FIRST, LAST), levels)


@settings(max_examples=2)
@given(rows=unruly_rows(levels=5, first=0, last=86_400 * SECOND))
def test_a_whole_day_is_what_its_records_say(rows: list[Row]) -> None:
    assert_equals_reference(rows, LINEAR, 5)
