"""Stored days put together as a computation wants them: the feeds of candles, the look-back of features, the deliveries of a day.

Between storage and compute, for the graph and for the read package alike. Nothing is computed and nothing is written here.
"""
