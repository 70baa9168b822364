"""Pages and API of a hearing and its people."""
