"""Reading the files of one run."""
