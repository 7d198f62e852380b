"""Vendor CSV.gz → Parquet, verified: ours against pandas read_csv and to_parquet on the same file; and what the result weighs."""

import gzip
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from benchmarks.conversion import convert
from benchmarks.days import TicksOfOneDay
from benchmarks.timing import best


@dataclass(frozen=True, slots=True)
class Conversion:
    """Seconds of each on the same file, and sizes in bytes.

    Attributes:
        peak_memory: Largest resident set of a process that does nothing but our conversion, bytes.
    """

    ours: float
    pandas: float
    csv_size: int
    gzip_size: int
    parquet_size: int
    peak_memory: int


def compare(ticks: TicksOfOneDay) -> Conversion:
    """Both on one file, the compiled code warm."""
    csv, target = ticks.csv(), ticks.folder / f"{ticks.dataset.name}-converted.parquet"
    ours = best(lambda: convert(ticks, target))
    return Conversion(
        ours=ours,
        pandas=best(lambda: with_pandas(csv, ticks.folder / "pandas.parquet"), repeats=1),
        csv_size=_unpacked(csv),
        gzip_size=csv.stat().st_size,
        parquet_size=target.stat().st_size,
        peak_memory=_peak_memory(ticks, target),
    )


def with_pandas(csv: Path, target: Path) -> None:
    """What a user would write; not verified, not sorted."""
    rows = pd.read_csv(csv)
    for clock in ("timestamp", "local_timestamp"):
        rows[clock] = pd.to_datetime(rows[clock], unit="us", utc=True)
    rows.to_parquet(target, compression="zstd")


def _unpacked(csv: Path) -> int:
    size = 0
    with gzip.open(csv, "rb") as stream:
        while piece := stream.read(1 << 24):
            size += len(piece)
    return size


def _peak_memory(ticks: TicksOfOneDay, target: Path) -> int:
    command = [sys.executable, "-m", "benchmarks.conversion", ticks.dataset.name, str(ticks.rows), str(ticks.folder), str(target)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
