"""The dashboard: widgets that update by themselves."""
