"""The statistics: pages, tables, and what clients read."""
