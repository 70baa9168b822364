"""Time-stamps from authorities that are not the court."""
