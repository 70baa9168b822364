"""The clock: what is due at a given moment, and the one process that acts on it."""
