"""Pages and API of notices, facilitators and coordination rooms."""
