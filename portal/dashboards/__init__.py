"""The home of each role, assembled from the panels that the areas declare."""
