"""An area whose one check says what the test told it to say."""
