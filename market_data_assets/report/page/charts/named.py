"""Names of the models that the page's script fills: sources of columns, the axis of time, the axes whose unit is the
instrument's, and the ranges that follow what is in sight."""

CANDLES, GAPS, TIME = "candles", "gaps", "time"
PRICE, VOLUME = "price", "volume"
PRICE_RANGE, VOLUME_RANGE, SPREAD_RANGE = "price range", "volume range", "spread range"
