"""What an operator may look at on a running node: /metrics, /healthz, /readyz and /debug. Public nowhere."""
