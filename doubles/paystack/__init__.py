"""Paystack's transactions, refunds and disputes, as far as we use them."""
