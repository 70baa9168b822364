"""Remarks on a request, in the API."""
