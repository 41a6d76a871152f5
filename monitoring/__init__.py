"""Does it still work, for everybody? Predictions, outcomes, summaries; drift, fairness, performance (M7)."""
