"""Checks of the starter catalogue, which may speak of films: its rules, and its facts beside public tables."""
