"""What is wrong now, who answers it by when, and what needs me: findings, waivers and the inbox."""
