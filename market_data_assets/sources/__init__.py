"""Vendors: each turns its own vocabulary into ours. A new vendor is one file here."""
