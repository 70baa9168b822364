"""Simulated people of a rehearsal: real peers of the room, in processes of their own."""
