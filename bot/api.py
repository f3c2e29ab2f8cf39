"""The public face of Rapport: one object, six calls (docs/api.md)."""
