"""What proves it: files under the digest of their content, and holds that nobody deletes past.

K7. Bytes are stored once, under a name made from their SHA-256; a download is checked against it. Expiry
opens a case (K5), a legal hold refuses deletion in the database, and every download leaves an audit entry.
"""
