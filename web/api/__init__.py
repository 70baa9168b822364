"""The API for authorities' own systems, `/api/v1`; docs/api.md tells it, and how to add a resource.

Nothing here decides anything: routes read the input strictly, call `hearings`, and show what came of it.
"""
