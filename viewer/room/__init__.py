"""What the window does: each file one part of the job, between session, jobs and panels; no widgets here."""
