"""Signing keys and recipients of the authorities."""
