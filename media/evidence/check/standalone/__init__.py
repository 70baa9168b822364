"""Texts that leave with every bag: how to check it, and the script for its tree. Nothing here is imported."""
