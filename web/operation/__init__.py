"""Operation of an installation: health, checks, metrics, backup, restore, take-over."""
