"""What a backfill would take before it is run: partitions, vendor files, bytes, store operations, loads, time and money.

Nothing is written and no vendor file is fetched. What is not known is estimated from what is stored, and says so.
"""
