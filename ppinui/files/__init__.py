"""Files of any format: replaced whole, locked, in memory, with owner, mode and access lists kept."""
