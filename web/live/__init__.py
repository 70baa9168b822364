"""A hearing while it is live: its rows, its pages' connections, its media worker and its recorder."""
