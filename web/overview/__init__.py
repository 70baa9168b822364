"""The docket, and what waits for whom."""
