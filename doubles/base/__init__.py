"""What the doubles of payment providers share: books, faults, notices, pages and a counter."""
