"""Pages and API of the rights checklist of a hearing."""
