"""Rehearsals: the command that makes one apart from the installation, the page of the trainer, simulated people."""
