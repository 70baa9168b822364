"""How two sites meet: profiles, negotiation, the signed technical agreement, line tests, rules of the room."""
