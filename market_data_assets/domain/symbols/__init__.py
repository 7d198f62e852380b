"""Native symbol → canonical id, one file per venue family. A new venue's rules are one file here."""
