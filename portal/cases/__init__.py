"""People decide by a day: who must, on what exactly, and what they decided.

K3 and K5. A case is bound to a hashed picture of its subject; holders of a role vote on it until the quorum
decides; a material change makes the decision stale. Nobody votes on what they asked for, and no time-out
ever approves: the database refuses both.
"""
