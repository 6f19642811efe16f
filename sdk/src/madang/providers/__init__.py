"""Who is called: one file or folder per vendor. A new vendor is one file and one line in `registry`."""
