"""Option contracts of one underlying, and what lies beside them."""

from market_data_assets.domain.instruments import InstrumentId

SHARD = "DERIBIT:OPTION:BTC-USD"
OPTIONS = [
    InstrumentId.parse(f"{SHARD}-{name}") for name in ("100000-241227-CALL", "50000-241227-CALL", "50000-241227-PUT", "60000.5-250328-PUT")
]
CALL, PUT = OPTIONS[0], OPTIONS[3]
OTHER_UNDERLYING = InstrumentId.parse("DERIBIT:OPTION:BTC-USDC-50000-241227-CALL")
