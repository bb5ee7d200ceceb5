"""A lossless libconfig document: its text, its settings, and edits that move nothing else."""
