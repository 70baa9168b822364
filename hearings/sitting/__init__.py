"""What happens on the day: sittings, sound checks, certificates compared aloud, recordings, recorded acts."""
