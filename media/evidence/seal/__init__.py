"""Keys: age for segments, the court's seal key, an authority's key file."""
