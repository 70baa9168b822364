"""Technical agreement of two sites: profiles, negotiation, signatures, line tests, rules of the room."""
