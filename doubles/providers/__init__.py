"""Stripe, Paystack, Flutterwave and M-Pesa in one process, each under its own path."""
