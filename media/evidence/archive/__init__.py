"""Where a closed recording is kept beside the recorder's own folder, and how it is read back."""
