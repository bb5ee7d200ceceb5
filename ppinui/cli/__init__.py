"""The command line: a parser, a module for each group of commands, and their output."""
