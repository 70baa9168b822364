"""A copy of a recording to look at: verified, decrypted in memory, put together by ffmpeg (docs/render.md)."""
