"""The user's own files: the configuration, and the state kept between sessions."""
