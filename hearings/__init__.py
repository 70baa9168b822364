"""The law and the diary: requests, hearings, people, permissions. Knows no media, no HTTP and no clock."""
