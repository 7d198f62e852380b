"""Analytics tables, partitioned by day: the seam, and the twin of BigQuery on the local disk."""
