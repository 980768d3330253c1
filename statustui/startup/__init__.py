"""What happens before Textual is imported: streams, terminal, first frame, crash reports."""
