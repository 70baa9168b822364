"""A request from its draft to its execution: fields, completeness, answers, consents, conditions, its document."""
