"""Words for people: languages and catalogues, and the names of statuses, roles, terms and events."""
