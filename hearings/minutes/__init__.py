"""Minutes that grow out of the log, are corrected passage by passage, read back and signed."""
