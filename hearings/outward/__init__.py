"""What leaves the house: mail, webhooks, feeds, calendar files, API clients, and the record of what was looked at."""
