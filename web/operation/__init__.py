"""What whoever runs an installation needs: health, checks, figures, backup, restore, taking over."""
