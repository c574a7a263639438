"""The pressure table: scenarios of load, an oracle that checks every delivery, and a report with goals."""
