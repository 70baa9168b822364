"""The summons of the people of a hearing: what came of its service, and whether it came in time."""
