"""What benchmarks of the server share: a study made of facts, the server, light clients."""
