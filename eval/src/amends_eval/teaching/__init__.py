"""What own exemplars change, and steps of a company's own: measured before they are served."""
