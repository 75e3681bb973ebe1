"""How a report is written: pure functions of a report and of whether the reader is trusted."""
