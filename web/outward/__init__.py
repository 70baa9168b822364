"""API clients, webhooks, feeds and mails, as their State's administrators see them."""
