"""Telling Dagster about the platform: thin adapters from records to assets, IO managers and jobs. Nothing is computed here."""
