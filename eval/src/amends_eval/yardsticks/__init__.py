"""Public research corpora by others, which the user brings: how far our readings carry outside their own domain."""
