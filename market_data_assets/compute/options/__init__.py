"""Option chains → the volatility surface of one underlying: per expiry, and at constant maturities, at any instants."""
