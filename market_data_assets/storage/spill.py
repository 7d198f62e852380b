"""One computation per instrument, several days of output: what is not asked for yet waits on the local disk."""

import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Generic, TypeVar
from weakref import finalize

import pyarrow as pa

from market_data_assets.domain.datasets import DailyFrames, Frame, Quarantined, TableFrame
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.errors import NoData, Unusable
from market_data_assets.storage.stores.disk import refusals

K = TypeVar("K")
Compute = Callable[[InstrumentId, Frame], Mapping[K, Frame]]


class FanOut(dict[K, DailyFrames], Generic[K]):
    """A day per part. Closing it, leaving its ``with`` block or dropping it removes what waits on the disk.

    A day that is asked for a part again after it was given computes that instrument again.
    """

    def __init__(self, days: Mapping[K, DailyFrames], folder: "tempfile.TemporaryDirectory[str]") -> None:
        super().__init__(days)
        self._close = finalize(self, folder.cleanup)

    def close(self) -> None:
        """Remove what waits on the disk; frames that were given stay valid."""
        self._close()

    def __enter__(self) -> "FanOut[K]":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def fan_out(frames: DailyFrames, function: Compute[K], parts: Sequence[K], scratch: Path | None = None) -> FanOut[K]:
    """A day of frames for each of ``parts``, computed together.

    The first part that is asked for an instrument computes all of them once; the others are kept on disk as Arrow
    IPC and mapped when they are asked for. ``NoData`` and ``Unusable`` come again for every part; other errors
    are not remembered, so asking again tries again. Safe to use from several threads.

    Args:
        function: Gives the frame of every part; a part that it leaves out is ``NoData``.
        scratch: Folder to keep the others in; the system's temporary folder by default.
    """
    folder = tempfile.TemporaryDirectory(prefix="fan-out-", dir=scratch, ignore_cleanup_errors=True)
    spilled: dict[InstrumentId, _Instrument[K]] = {
        instrument: _Instrument(partial(_compute, frames, function, instrument), parts, Path(folder.name) / str(number))
        for number, instrument in enumerate(frames)
    }
    days = {part: replace(frames, loaders={instrument: partial(each.take, part) for instrument, each in spilled.items()}) for part in parts}
    return FanOut(days, folder)


def _compute(frames: DailyFrames, function: Compute[K], instrument: InstrumentId) -> Mapping[K, Frame]:
    return function(instrument, frames[instrument])


@dataclass(frozen=True, slots=True)
class _Spilled:
    """A frame on the local disk, mapped when it is read."""

    path: Path
    quarantined: Sequence[Quarantined]
    source_version: str

    def load(self) -> TableFrame:
        with refusals("map", str(self.path)):
            with pa.memory_map(str(self.path)) as file:
                table = pa.ipc.open_file(file).read_all()
            # The mapping outlives the name, so nothing is left behind whatever becomes of the frame.
            self.path.unlink()
        return TableFrame(table, self.quarantined, self.source_version)


class _Instrument(Generic[K]):
    """The parts of one instrument: not computed, waiting, or given."""

    def __init__(self, compute: Callable[[], Mapping[K, Frame]], parts: Sequence[K], path: Path) -> None:
        self._compute, self._parts, self._path = compute, parts, path
        self._waiting: dict[K, _Spilled] = {}
        self._refusal: NoData | Unusable | None = None
        self._lock = threading.Lock()

    def take(self, part: K) -> Frame:
        with self._lock:
            if self._refusal is not None:
                raise self._refusal
            waiting = self._waiting.pop(part, None)
            return self._evaluate(part) if waiting is None else waiting.load()

    def _evaluate(self, part: K) -> Frame:
        try:
            computed = self._compute()
            # Reading is part of computing: lazy frames raise here what they would raise later.
            tables = {each: computed[each].read() for each in self._parts if each in computed}
        except (NoData, Unusable) as refusal:
            self._refusal = refusal
            raise
        for number, (each, table) in enumerate(tables.items()):
            if each != part and each not in self._waiting:
                self._waiting[each] = self._spill(number, computed[each], table)
        if part not in tables:
            raise NoData(f"{part} was not computed")
        return TableFrame(tables[part], computed[part].quarantined, computed[part].source_version)

    def _spill(self, number: int, frame: Frame, table: pa.Table) -> _Spilled:
        path = self._path.with_suffix(f".{number}.arrow")
        with refusals("spill", str(path)), pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
            # A file of Arrow IPC has one dictionary per column.
            writer.write_table(table.unify_dictionaries())
        return _Spilled(path, tuple(frame.quarantined), frame.source_version)
