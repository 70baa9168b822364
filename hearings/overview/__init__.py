"""What waits for whom, what a change of the law would touch, and a whole case as one file."""
