"""Worker processes: started warm, watched, and ended when they misbehave."""
