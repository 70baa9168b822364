"""A machine's draft of what was said, made where the recording's key is (docs/transcript.md)."""
