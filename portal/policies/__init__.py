"""Which limits were in force on a day, and who decided: typed parameters in versions never edited."""
