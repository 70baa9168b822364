"""What every page shares: who asks, what is refused, forms, rendering, signed acts."""
