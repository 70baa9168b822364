"""The recorder process: frames in, sealed segments and journal lines out."""
