"""What of a day should be there and is not, with the reason and what proves it: ``files`` for whole files, ``holes`` inside them."""
