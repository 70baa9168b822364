"""Remarks on the drafting and the translation of a request: nothing waits for them, and they are worth a look."""
