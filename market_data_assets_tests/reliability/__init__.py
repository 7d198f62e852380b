"""The failure model, row by row: what dies, is lost, runs twice or is tampered with, on every kind of store.

Rows 9 and 10 are answers of a server, so they run on the emulated bucket alone. Of the rows that are not here, 23 (a busy
or failing BigQuery) is ``storage/warehouse/test_bigquery_load.py``, 24 (injected SQL) ``client/test_sql_text.py`` and
``storage/warehouse/test_bigquery_sql.py``; those about a vendor's files are beside its source.
"""
