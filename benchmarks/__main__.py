"""`make bench`: every hot path on a generated day, ratios against pandas within one run. Inputs are kept in ``build/bench``."""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import book_snapshots, bucket, busy_day, candles, features, reading, user_interface, vendor_files
from benchmarks.days import books_of_one_day, trades_of_one_day
from benchmarks.timing import Row, at_least, at_most

_MEGABYTE = 1e6


def main() -> None:
    """Run the chosen groups (all by default) and print one line per hot path."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("groups", nargs="*", help=f"any of {', '.join(GROUPS)}")
    parser.add_argument("--folder", type=Path, default=Path("build/bench"), help="where generated inputs are kept")
    arguments = parser.parse_args()
    folder = arguments.folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    out = Console(width=140)
    table = Table("hot path", "measured", "target", "", "detail", box=None, header_style="bold", padding=(0, 2, 0, 0))
    for name in arguments.groups or GROUPS:
        with out.status(f"{name}: generating and measuring"):
            for row in GROUPS[name](folder):
                table.add_row(row.path, row.figure, row.target, "[green]met[/green]" if row.met else "[red]missed[/red]", row.detail)
    out.print(table)


def _vendor_files(folder: Path) -> Iterator[Row]:
    for ticks, faster, smaller, ratio in ((trades_of_one_day(folder), 3, 93, 0.5), (books_of_one_day(folder, 25), 2.5, 92, 0.9)):
        found = vendor_files.compare(ticks)
        name = ticks.dataset.name
        yield at_least(f"{name} CSV.gz → Parquet", found.pandas / found.ours, faster, f"{found.ours:.2f} s against {found.pandas:.2f} s")
        memory = found.peak_memory / _MEGABYTE
        yield Row(f"{name} conversion, peak memory", f"{memory:.0f} MB", "≤ 400 MB", memory <= 400)
        saved, against = 100 * (1 - found.parquet_size / found.csv_size), found.parquet_size / found.gzip_size
        met = saved >= smaller and against <= ratio
        yield Row(f"{name} storage", f"−{saved:.1f} %, {against:.2f}", f"−{smaller} %, ≤ {ratio}", met, "against CSV, against CSV.gz")


def _candles(folder: Path) -> Iterator[Row]:
    found = candles.compare(folder)
    detail = f"{found.ours:.2f} s against {found.pandas:.2f} s, {found.rows:,} trades"
    yield at_least("trades → 7 timeframes, all features", found.ratio, 12, detail)
    times = found.times_decoding
    yield Row(
        "the same against decoding the columns",
        f"{times:.1f}×",
        "≤ 3×",
        times <= 3,
        f"decode {found.decode:.2f} s, compute {found.compute:.2f} s",
    )
    yield at_most(f"{candles.SMALL_ROWS:,} trades → 7 timeframes", found.small, 0.005)
    beside = found.with_book / found.compute
    yield Row("the same with a book beside the trades", f"{beside:.1f}×", "≤ 2×", beside <= 2, f"{found.book_rows:,} rows of book_5")
    yield at_most(f"{candles.SMALL_ROWS:,} trades and book rows → 7 timeframes", found.small_with_book, 0.0075)


def _books(folder: Path) -> Iterator[Row]:
    found = book_snapshots.compare(folder)
    detail = f"{found.ours:.2f} s against {found.pandas:.2f} s, {found.rows:,} rows; decode {found.read:.2f} s"
    yield at_least("book_5 → 7 timeframes, all features", found.ratio, 5, detail)
    frugal = found.frugal_pandas / found.ours
    yield at_least("the same against last-row-first pandas", frugal, 5, f"{found.frugal_pandas:.2f} s")
    yield at_most(f"{book_snapshots.SMALL_ROWS:,} book rows → 7 timeframes", found.small, 0.005)


def _busy_day(folder: Path) -> Iterator[Row]:
    found = busy_day.compare(folder)
    detail = f"{found.ours:.2f} s, committed, against {found.pandas:.2f} s in one process, {found.trades:,} trades"
    yield at_least("50 instruments, one day, 7 timeframes", found.pandas / found.ours, 6, detail)


def _features(folder: Path) -> Iterator[Row]:
    found = features.measure(folder)
    detail = (
        f"{found.features} features, {found.days} days read; pandas takes {found.pandas * 1e3:.0f} ms for {found.pandas_features} of them"
    )
    yield at_most("features of a day of 1m bars, one instrument", found.ours, 0.5, detail)
    each = (found.pandas / found.pandas_features) / (found.ours / found.features)
    yield at_least("the same per feature", each, 1, "what pandas computes takes no notice of holes")
    yield at_most("one contract of an option chain", found.contract, 0.02, f"{found.chain_rows:,} rows in the chain's file")
    yield at_most("the chain at an instant", found.chain_at, 0.05)


def _reading(folder: Path) -> Iterator[Row]:
    found = reading.measure(folder)
    yield at_most(f"{reading.READ_ROWS:,} trades to Arrow", found.ticks, 0.1)
    yield at_most("one hour of them", found.hour, 0.02)
    yield at_most("a day of 1m candles to pandas", found.candles, 0.01)
    yield at_most("instruments of a date, warm", found.instruments, 0.001)
    yield at_most("instruments of a date, first", found.first_instruments, 0.02)
    distant = bucket.measure(folder, reading.READ_ROWS)
    detail = f"20 ms a request, 50 MB/s; {distant.fetched_bytes / 1e6:.1f} of {distant.file_bytes / 1e6:.0f} MB fetched"
    yield at_least("one hour of them from a bucket", distant.pandas / distant.ours, 3, detail)
    yield at_most("the same once more", distant.again, 0.05)
    yield at_most("import market_data_assets", found.import_package, 0.5)
    yield at_most("code location load", found.import_location, 5)


def _user_interface(folder: Path) -> Iterator[Row]:
    yield at_most("dagster definitions validate", user_interface.validate_seconds(), 15)
    executable = user_interface.browser()
    if executable is None:
        yield Row("pages of an asset in the Dagster UI", "not measured", "≤ 2 s", True, "needs a Chromium on the PATH")
        return
    for load in user_interface.measure(folder, executable):
        detail = f"{user_interface.DAYS:,} days; slowest question {load.question}, {load.slowest:.2f} s"
        yield at_most(f"asset page of the Dagster UI, {load.page}", load.answered, 2, detail)


GROUPS: dict[str, Callable[[Path], Iterator[Row]]] = {
    "vendor_files": _vendor_files,
    "candles": _candles,
    "books": _books,
    "busy_day": _busy_day,
    "features": _features,
    "reading": _reading,
    "user_interface": _user_interface,
}

if __name__ == "__main__":
    main()
