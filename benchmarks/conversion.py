"""One vendor file → Parquet with this package's code; as a program, prints the largest memory it took, in bytes."""

import sys
from pathlib import Path

from benchmarks.days import DAY, INSTRUMENT, TicksOfOneDay, book_dataset
from market_data_assets.domain.instrument_rows import Instrument
from market_data_assets.domain.schemas import TRADES
from market_data_assets.domain.universe import Universe
from market_data_assets.sources.tardis import API_URL, TardisSource
from market_data_assets.storage.parquet_write import write_parquet


def convert(ticks: TicksOfOneDay, target: Path) -> None:
    """What a raw asset does with one file of a folder: verify, parse, sort, encode."""
    vendor = ticks.csv().parents[6]
    instrument = Instrument(
        INSTRUMENT, "BTCUSDT", "tardis", (ticks.dataset.name,), tardis_exchange="binance-futures", tardis_symbol="BTCUSDT"
    )
    source = TardisSource(vendor.as_uri(), API_URL, Universe(), ticks.folder)
    write_parquet(target, ticks.dataset, DAY, INSTRUMENT, source.fetch(ticks.dataset, instrument, DAY))


def _main() -> None:
    name, rows, folder, target = sys.argv[1:]
    dataset = TRADES if name == "trades" else book_dataset(int(name.removeprefix("book_snapshot_")))
    convert(TicksOfOneDay(dataset, int(rows), Path(folder)), Path(target))
    # Not getrusage, whose maximum begins with that of the process that started this one.
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    print(int(peak.split()[1]) * 1024)  # noqa: T201


if __name__ == "__main__":
    _main()
