"""What-ifs worth keeping: typed inputs, the engine that computed them, the result, and what was chosen."""
