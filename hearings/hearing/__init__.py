"""A hearing until its sitting: offers and agreed terms, days, participants with their links and seats."""
