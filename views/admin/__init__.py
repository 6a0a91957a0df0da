"""Screens as data, and the pages made of them: lists, records, forms, boards, acts."""
