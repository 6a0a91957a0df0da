"""Flutterwave's payments, transactions and refunds (v3), as far as we use them."""
