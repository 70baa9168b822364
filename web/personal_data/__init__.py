"""Personal data: what is held of people, for how long, and what was erased. Pages, API and command."""
