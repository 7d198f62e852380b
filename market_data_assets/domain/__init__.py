"""Names and shapes: instruments, venues, timeframes, days and the record of every stored table. No I/O."""
