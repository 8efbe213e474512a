"""Old history from elsewhere: readers of files and databases, made into batches."""
