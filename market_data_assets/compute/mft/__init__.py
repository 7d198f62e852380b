"""Candles of one timeframe → mid-frequency features of the same bars, one file per family."""
