"""What leaves by itself: mail and text messages, codes, and what administrators of other States are told."""
