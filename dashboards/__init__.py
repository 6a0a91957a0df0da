"""What executives see: Dash pages as data, read only, over services/reports.py."""
