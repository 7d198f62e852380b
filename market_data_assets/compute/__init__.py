"""Frames in, frames out: ticks → candles and book snapshots → features. No I/O, no clock."""
