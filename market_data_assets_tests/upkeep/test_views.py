"""Monthly views: partitions of their own kind, made again by another command, and keeping no former versions."""

import datetime as dt

import pyarrow as pa

from market_data_assets.storage.layout import SUCCESS
from market_data_assets.storage.views import view_prefix
from market_data_assets.upkeep.findings import Kind
from market_data_assets.upkeep.scope import Scope
from market_data_assets_tests.storage.by_hand import put_by_hand, remove_by_hand
from market_data_assets_tests.storage.days import DAY, NEXT
from market_data_assets_tests.upkeep.lakes import check, damage, kinds, only

PREFIX = view_prefix("by_venue", "venue", "BINANCE", DAY)


def write(lake, values):
    lake.write_view(PREFIX, {"candles_1m": lambda: iter([pa.table({"value": values})])}, {})


def test_views_are_checked_and_their_findings_say_how_to_make_them_again(lake, tmp_path):
    write(lake, [1])
    write(lake, [1, 2])
    report = check(lake, tmp_path, deep=True)
    assert (report.findings, report.partitions) == ([], 5)
    damage(lake, f"{PREFIX}candles_1m.parquet")
    found = only(check(lake, tmp_path))
    assert (found.kind, found.dataset, found.day) == (Kind.FILE_CHANGED, "views/by_venue/venue-BINANCE", DAY.replace(day=1))
    assert found.remedy.endswith("--select views/by_venue --partition 2024-08-01")


def test_view_that_was_not_published_is_repaired(lake, tmp_path):
    write(lake, [1])
    remove_by_hand(lake, PREFIX + SUCCESS)
    put_by_hand(lake, f"{PREFIX}old.parquet", b"?")
    assert kinds(check(lake, tmp_path)) == [Kind.NOT_PUBLISHED]
    assert check(lake, tmp_path, repair=True).findings == []


def test_view_belongs_to_every_day_of_its_month(lake, tmp_path):
    write(lake, [1])
    damage(lake, f"{PREFIX}candles_1m.parquet")
    assert len(check(lake, tmp_path, Scope(first=NEXT, last=NEXT)).findings) == 1
    assert check(lake, tmp_path, Scope(first=dt.date(2024, 9, 1))).findings == []
    assert check(lake, tmp_path, Scope.parse(None, None, ["candles_1m"])).findings == []
