"""Care that is due, computed inside the EHR; outreach that never leaves by an unsafe channel."""
