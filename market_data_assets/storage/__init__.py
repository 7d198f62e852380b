"""What is kept, and where: layout of names, Parquet files, object stores, the commit protocol and the lake over them."""
