"""What a write of a day led to, with the numbers an operator asks for first."""

from collections.abc import Sequence
from dataclasses import dataclass

from market_data_assets.domain.datasets import Finality
from market_data_assets.storage.commit import Status
from market_data_assets.storage.manifest import AbsentEntry, FailedEntry, FileEntry, Manifest, QuarantinedEntry, distinct_files


@dataclass(frozen=True)
class Commit:
    """What a write led to. Counts are of the whole day as it is stored now, also after a run over a part of it.

    Attributes:
        status: ``noop`` when the day held exactly this before.
    """

    status: Status
    manifest: Manifest

    @property
    def version(self) -> int:
        """1 for the first commit of the day, one more for each later one."""
        return self.manifest.version

    @property
    def rows(self) -> int:
        """Rows of the stored files."""
        return sum(entry.rows for entry in self._files)

    @property
    def instruments(self) -> int:
        """Instruments that are stored."""
        return len(self._files)

    @property
    def bytes(self) -> int:
        """Bytes of the Parquet files."""
        return sum(entry.size for entry in distinct_files(self._files))

    @property
    def uncompressed_bytes(self) -> int:
        """Bytes of the same rows in Arrow memory."""
        return sum(entry.uncompressed_bytes for entry in self._files)

    @property
    def min_timestamp(self) -> int | None:
        """First exchange time, µs UTC; None without rows."""
        return min((entry.min_timestamp for entry in self._files if entry.min_timestamp is not None), default=None)

    @property
    def max_timestamp(self) -> int | None:
        """Last exchange time, µs UTC, inclusive; None without rows."""
        return max((entry.max_timestamp for entry in self._files if entry.max_timestamp is not None), default=None)

    @property
    def finality(self) -> Finality:
        """Whether late rows of the day may still come."""
        return self.manifest.content.finality

    @property
    def absent(self) -> Sequence[AbsentEntry]:
        """Instruments that the vendor has nothing for, with the reason."""
        return self.manifest.content.absent

    @property
    def quarantined(self) -> Sequence[QuarantinedEntry]:
        """What was set aside, by instrument and reason."""
        return self.manifest.content.quarantined

    @property
    def failed(self) -> Sequence[FailedEntry]:
        """Instruments whose last attempt failed; what was stored of them before is kept."""
        return self.manifest.content.failed

    @property
    def _files(self) -> Sequence[FileEntry]:
        return self.manifest.content.files
