"""Looking after what is stored: what is damaged, what is out of date, and whether a deployment works at all. Knows no Dagster."""
