"""Pictures of stored data, for the Dagster UI and the terminal."""
