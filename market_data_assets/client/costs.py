"""What reading costs, in dollars and in seconds: the prices, in one place, and what follows from them."""

from dataclasses import dataclass

MIB, GIB, TIB = 2**20, 2**30, 2**40
_BIGQUERY = "BigQuery on-demand pricing, US, 2026"
_STORAGE_READ = "BigQuery Storage Read API pricing, US, 2026"
_STORAGE = "Cloud Storage pricing, Standard class, single region, US, 2026"
_CONTRACT_FREE = "none within one region; Google's premium tier to the internet is 0.12 a GiB"


@dataclass(frozen=True, slots=True)
class Price:
    """What an amount of something costs.

    Attributes:
        dollars: For ``per`` of it.
        per: How many.
        unit: What is counted.
        source: Where the price is from.
    """

    dollars: float
    per: int
    unit: str
    source: str

    def of(self, amount: float) -> float:
        """Dollars for an amount in units."""
        return amount / self.per * self.dollars


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """The prices and speeds that reads are compared by; give those of your own contract and network to the constructor.

    Attributes:
        query: Bytes that a query scans.
        query_minimum: Least bytes billed for a query, which is also the least for a table in it.
        storage_read: Bytes of rows on their way from BigQuery.
        listing: Operations of class A: listings and writes.
        request: Operations of class B: reads of an object, of a range of one, or of what is known of one.
        retrieval: Bytes read from a bucket; Standard class costs nothing, Nearline 0.01 a GiB.
        network: Bytes that leave the region, from a bucket or from BigQuery alike.
        request_seconds: Until a bucket answers.
        requests_at_a_time: How many are under way side by side.
        query_seconds: Until BigQuery has answered a small query, its job included.
        bucket_bytes_per_second, warehouse_bytes_per_second: How quickly rows arrive.
        negligible_dollars: Amounts that are closer than this count as equal: then the quicker is the better.
    """

    query: Price = Price(6.25, TIB, "byte scanned", _BIGQUERY)
    query_minimum: int = 10 * MIB
    storage_read: Price = Price(1.10, TIB, "byte read", _STORAGE_READ)
    listing: Price = Price(0.005, 1000, "operation of class A", _STORAGE)
    request: Price = Price(0.0004, 1000, "operation of class B", _STORAGE)
    retrieval: Price = Price(0.0, GIB, "byte retrieved", _STORAGE)
    network: Price = Price(0.0, GIB, "byte sent", _CONTRACT_FREE)
    request_seconds: float = 0.05
    requests_at_a_time: int = 32
    query_seconds: float = 1.5
    bucket_bytes_per_second: float = 100e6
    warehouse_bytes_per_second: float = 50e6
    negligible_dollars: float = 0.001


@dataclass(frozen=True, slots=True)
class Cost:
    """Dollars first, then seconds. Both are estimates; the dollars are an upper bound, since caches are not counted on."""

    dollars: float = 0.0
    seconds: float = 0.0

    def beats(self, other: "Cost", rates: Rates) -> bool:
        """Whether it is the lower one: by dollars, and where those are as good as equal, by seconds."""
        if abs(self.dollars - other.dollars) > rates.negligible_dollars:
            return self.dollars < other.dollars
        return self.seconds < other.seconds
