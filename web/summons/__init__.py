"""The summons of the people of a hearing: pages and API."""
