"""Keys of authorities and API clients, and the statements they sign."""
