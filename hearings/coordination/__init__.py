"""How States coordinate beside the formal way: notices, facilitators, coordination rooms."""
