"""Metrics, health checks and live diagnostics of a node."""
