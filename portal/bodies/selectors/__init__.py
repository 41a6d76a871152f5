"""Every page-shaped read of bodies and sessions."""
