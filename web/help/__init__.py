"""Pages that explain: help by role, status of the service, accessibility, privacy."""
