"""How long, how often and how much: the bounds on what is fetched from a vendor."""

from dataclasses import dataclass

from market_data_assets.errors import TooLarge


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one download.

    Attributes:
        connect_seconds: For the connection to stand.
        read_seconds: Between two pieces of the answer.
        total_seconds: For one attempt as a whole, however steadily it drips.
        attempts: Tries before the error is raised.
        backoff_seconds: First pause; each later one is twice as long, with jitter, up to ``longest_pause_seconds``.
        longest_pause_seconds: A vendor that asks for a longer pause than this has its quota exhausted.
        delivered_bytes: As sent, compressed.
        unpacked_bytes: Decompressed.
        ratio: Decompressed over compressed bytes, for files that unpack to more than ``small_bytes``. Trade files
            have about 8, book files up to 25; deflate cannot exceed 1,032.
        rows: Of one file.
    """

    connect_seconds: float = 10
    read_seconds: float = 60
    total_seconds: float = 3_600
    attempts: int = 5
    backoff_seconds: float = 1
    longest_pause_seconds: float = 300
    delivered_bytes: int = 16 << 30
    unpacked_bytes: int = 256 << 30
    ratio: float = 200
    small_bytes: int = 64 << 20
    rows: int = 2_000_000_000

    def check_delivered(self, what: str, size: int) -> None:
        """Raises ``TooLarge`` for too many bytes as sent."""
        if size > self.delivered_bytes:
            raise TooLarge(what, limit=f"{self.delivered_bytes} bytes as delivered")

    def check_unpacked(self, what: str, unpacked: int, delivered: int) -> None:
        """Raises ``TooLarge`` for too many bytes after decompression, or too many for what was sent: a bomb."""
        if unpacked > self.unpacked_bytes:
            raise TooLarge(what, limit=f"{self.unpacked_bytes} bytes unpacked")
        if unpacked > self.small_bytes and unpacked > self.ratio * delivered:
            raise TooLarge(what, limit=f"{self.ratio:g} bytes unpacked for each delivered")

    def check_rows(self, what: str, rows: int) -> None:
        """Raises ``TooLarge`` for too many rows."""
        if rows > self.rows:
            raise TooLarge(what, limit=f"{self.rows} rows")
