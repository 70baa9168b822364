"""Code shared by all pages: sign-in, security middlewares, error pages, forms, rendering, signed acts."""
