"""Pages and API of requests: drafting, sending, answering, consents, consultations."""
