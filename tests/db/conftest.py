"""What is not collected here."""

import os

if os.geteuid() != 0:  # an ordinary user becomes nobody else; that user's own case is what all the other tests show
    collect_ignore = ["test_embedded_as_root.py"]
