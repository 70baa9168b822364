"""Pages and API of the law as data, and of what it asks of a request."""
