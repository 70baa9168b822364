"""Pages and API of the law as data, and of the check of a request against it."""
