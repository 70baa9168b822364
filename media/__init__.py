"""Packets, rooms and sealed bytes. Knows grants and opaque ids; knows no law, no database and no HTTP.

`media.live` forwards encoded media between the people of one hearing; `media.evidence` turns the same frames
into a sealed recording. Neither imports the other: they meet in `media.messages` over a local socket.
"""
