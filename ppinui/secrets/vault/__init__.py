"""The vault: one encrypted file that keeps secrets where no Secret Service does."""
