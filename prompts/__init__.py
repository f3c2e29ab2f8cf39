"""Prompts and sentence templates as versioned text files, and their loader. No logic."""
