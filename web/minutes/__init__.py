"""Pages and API of minutes."""
