"""The day of a hearing: sittings, sound checks, comparison of fingerprints, recordings, recorded acts."""
