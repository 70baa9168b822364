"""Output to other systems: mail, webhooks, feeds, calendar files, API clients, and views by the other State."""
