"""The law and the diary: requests, hearings, people, permissions. Knows no media, no HTTP and no clock.

One folder a subject; each may import what stands before it in this list, and the modules that lie beside them here:
models, law, people, documents, signatures, requests, times, agreement, hearing, sitting, minutes, outward, overview.
ARCHITECTURE.md shows them with what they hold.
"""
