"""M-Pesa's Daraja: prompts on a phone, payments to phones, and what is told of them."""
