"""Vendor CSV files as sorted, typed record batches: declared column by column, parsed in one strict compiled pass."""
