"""What does AI cost, and who answers for it? Bills, allocation, budgets (M8)."""
