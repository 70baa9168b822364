"""The rights checklist of a hearing: what must be kept for the person heard, on what evidence, and who answers."""
