"""Every error this package raises on purpose.

MarketDataError
├── SettingsError             a configuration key or value that is not allowed
├── Retryable                 the same request may succeed later: network, truncated or corrupt download
│   └── QuotaExhausted        … but not soon; stop asking this vendor
├── AuthError                 credentials missing or refused; every further request would fail too
├── NoData                    the vendor answered, and has nothing: "absent", never "failed"
│   ├── NotAvailableYet       … so far
│   ├── NotListed             … because the instrument did not trade on the venue that day
│   └── NotComputed           … because the table is not computed for such an instrument
├── Unusable                  what was delivered cannot be trusted; it goes to quarantine
│   ├── DamagedFile           cut, corrupt, or with something after its end, however often it is fetched
│   ├── SchemaDrift           columns missing or of another type, or not the promised format at all
│   ├── BadData               too many impossible values
│   ├── ContractSizeUnknown   a derivative whose amounts cannot be converted: volumes are never guessed
│   └── TooLarge              more bytes or rows than the limits allow
├── UnsafeName                a name that would leave its folder
├── UnknownInstrument         a symbol or an id that no rule understands
├── PreconditionFailed        an object is not at the generation that was expected
├── ConcurrentCommit          another writer committed the same day first
├── CorruptPartition          stored objects do not match their manifest, or the manifest is unreadable
├── UnsupportedFormat         a manifest written by a newer version
├── StorageFailed             the disk or the object store refused: full, read-only, no permission
├── PartitionMissing          nothing was ever stored for that dataset and day
├── PartitionIncomplete       the day was committed without some instruments; each has its error
└── QueryError                a read was asked for something that does not exist
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path


class MarketDataError(Exception):
    """Base of this package's errors."""


class SettingsError(MarketDataError, ValueError):
    """A configuration key or value that is not allowed; the message lists what is."""


class Retryable(MarketDataError):
    """The same request may succeed later."""


class QuotaExhausted(Retryable):
    """The vendor asks for a longer pause than a run should wait."""

    def __init__(self, what: str, retry_after_seconds: float) -> None:
        super().__init__(f"{what}: the vendor asks to wait {retry_after_seconds:.0f} s, longer than a run waits")
        self.retry_after_seconds = retry_after_seconds


class AuthError(MarketDataError):
    """Credentials are missing, wrong or expired. The credential itself is never in the message."""


class NoData(MarketDataError):
    """The vendor answered that it has nothing. ``reason`` is one word for the manifest."""

    reason = "no_data"


class NotAvailableYet(NoData):
    """The vendor has not published the day yet."""

    reason = "not_available_yet"


class NotListed(NoData):
    """The vendor has no such file: the instrument was not listed, or not recorded, that day."""

    reason = "not_listed"


class NotComputed(NoData):
    """The table is not computed for this kind of instrument, on purpose."""

    reason = "not_computed"


class DeliveredFile(Protocol):
    """A vendor's file on the local disk, there for as long as this object is held."""

    @property
    def path(self) -> "Path": ...


class Unusable(MarketDataError):
    """What was delivered cannot be trusted. ``reason`` is one word for the manifest.

    Attributes:
        delivered: The vendor's file, where there is one: whoever records the refusal keeps it in quarantine.
    """

    reason = "unusable"
    delivered: DeliveredFile | None = None


class DamagedFile(Unusable):
    """A file that is cut, corrupt, or has something after its end, however often it is fetched."""

    reason = "damaged_file"


class SchemaDrift(Unusable):
    """A file does not have the columns or the format that its data type promises."""

    reason = "schema_drift"


class BadData(Unusable):
    """More rows than the tolerance hold impossible values."""

    reason = "bad_data"

    def __init__(self, what: str, *, rows: int, rejected: Mapping[str, int]) -> None:
        listed = ", ".join(f"{count} {reason}" for reason, count in sorted(rejected.items()))
        super().__init__(f"{what}: {sum(rejected.values())} of {rows} rows rejected ({listed})")
        self.rejected = dict(rejected)


class ContractSizeUnknown(Unusable):
    """A derivative whose size of one unit of amount is not known: volumes and depths are never guessed."""

    reason = "contract_size_unknown"

    def __init__(self, instrument: object) -> None:
        super().__init__(f"{instrument}: the size of one unit of amount is not known; expected contract_multiplier in its definition")


class TooLarge(Unusable):
    """More bytes or rows than the limits allow."""

    reason = "too_large"

    def __init__(self, what: str, *, limit: str) -> None:
        super().__init__(f"{what}: larger than the limit of {limit}")


class UnsafeName(MarketDataError, ValueError):
    """A name that cannot be an object name inside its folder."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"name {name!r} is refused: {why}")


class UnknownInstrument(MarketDataError, ValueError):
    """Text that is not an instrument id, or a native symbol that no rule of its venue maps."""

    @classmethod
    def symbol(cls, exchange: str, symbol: str, expected: str) -> "UnknownInstrument":
        return cls(f"{exchange} symbol {symbol!r}: expected {expected}")

    @classmethod
    def text(cls, text: str, expected: str) -> "UnknownInstrument":
        return cls(f"instrument id {text!r}: expected {expected}")


class PreconditionFailed(MarketDataError):
    """An object is not at the generation that was expected."""

    def __init__(self, name: str, expected: int, found: int) -> None:
        super().__init__(f"object {name}: expected generation {expected}, found {found}")


class ConcurrentCommit(MarketDataError):
    """Another writer committed the same partition first. Nothing of ours was published."""

    def __init__(self, partition: str) -> None:
        super().__init__(f"partition {partition}: another writer committed it meanwhile; run again to build on its result")


class CorruptPartition(MarketDataError):
    """Stored objects do not match their manifest, or the manifest cannot be read."""

    def __init__(self, partition: str, what: str, remedy: str = "materialize it again to heal it") -> None:
        super().__init__(f"partition {partition}: {what}; {remedy}")


class UnsupportedFormat(MarketDataError):
    """The manifest was written by a newer version of this package."""

    def __init__(self, partition: str, found: object, supported: int) -> None:
        super().__init__(f"partition {partition}: manifest format {found}, this version reads up to {supported}; upgrade the package")


class StorageFailed(MarketDataError):
    """The disk or the object store refused an operation. What was committed before is intact."""


class PartitionMissing(MarketDataError, LookupError):
    """Nothing was ever stored for that dataset and day, or nothing yet at the time that was asked about.

    Attributes:
        reason: The same in a few words, for a list of what is missing.
    """

    def __init__(
        self, dataset: str, day: dt.date, hint: str = "materialize that partition first", *, reason: str = "nothing stored"
    ) -> None:
        super().__init__(f"{dataset} has nothing stored for {day}; {hint}")
        self.dataset, self.day, self.reason = dataset, day, reason


class PartitionIncomplete(MarketDataError):
    """The day is committed, but some instruments failed and are missing from it."""

    def __init__(self, dataset: str, day: dt.date, failures: Mapping[str, Exception]) -> None:
        shown = "; ".join(f"{name}: {error}" for name, error in list(failures.items())[:3])
        more = f" … and {len(failures) - 3} more" if len(failures) > 3 else ""
        super().__init__(f"{dataset} {day}: {len(failures)} instrument(s) failed, the others are stored: {shown}{more}")
        self.failures = dict(failures)


class QueryError(MarketDataError, ValueError):
    """A read was asked for something that does not exist; the message offers near names."""

    @classmethod
    def unknown(cls, what: str, name: str, near: Sequence[str]) -> "QueryError":
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        return cls(f"{what} {name!r} is not known{hint}")

    @classmethod
    def columns(cls, dataset: str, unknown: Iterable[str], allowed: Iterable[str]) -> "QueryError":
        return cls(f"{dataset} has no column {', '.join(sorted(unknown))}; it has {', '.join(allowed)}")
