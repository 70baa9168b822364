"""A hearing until it is held: offers and agreed terms, days, people and their links and seats."""
