"""Minutes: drafted from the event log, edited passage by passage, read back and signed."""
