"""Other ways to serve the same encoder, measured in one run with ours: same sentences, same threads."""
