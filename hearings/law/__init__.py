"""The law as dated data, and its answer to one request: which basis serves, what it needs, what it leaves open."""
