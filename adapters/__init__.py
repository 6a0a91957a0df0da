"""The outside world: money, mail, files, documents. Plain values in, plain values out."""
