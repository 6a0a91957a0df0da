"""Stripe's checkout sessions, payment intents, refunds and disputes, as far as we use them."""
