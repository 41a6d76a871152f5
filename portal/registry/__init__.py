"""What AI there is: systems, registered models, versions, aliases, and what serves where since when."""
