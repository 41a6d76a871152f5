"""A small area whose jobs leave marks, fail, hang and die as they are told."""
