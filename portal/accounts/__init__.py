"""Who is who: people, organisation units as a tree, memberships, API tokens, sign-in."""
