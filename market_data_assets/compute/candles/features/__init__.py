"""The feature records of candles, one file per subject. A new feature is one record in one of them."""
