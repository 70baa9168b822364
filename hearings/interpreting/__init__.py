"""Languages and who interprets them, booths and their turns, signals, and what is measured of the sound."""
