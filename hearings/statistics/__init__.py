"""Figures of requests and hearings as they stood at an instant, counted from the log."""
