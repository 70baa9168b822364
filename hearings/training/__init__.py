"""Drills of a rehearsal: the table of drills, what a drill is marked by, and how a run of one is scored."""
