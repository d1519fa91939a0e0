"""The services of the contract, and health."""
