"""People decide together: committees, boards and panels, their sessions, votes, packs and minutes.

K4. A body has seats with a term; its sessions are called by rule, their agenda is proposed from what waits.
Members vote in secret until the chair closes an item; no outcome without quorum, and whoever stands too close
is not counted: the database refuses both. Minutes come from the record, and the next session approves them.
"""
