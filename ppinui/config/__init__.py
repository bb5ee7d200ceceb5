"""primus.cfg: reading, editing, checking, finding and saving it."""
