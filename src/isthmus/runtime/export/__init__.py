"""What an export holds, as tables for any kind of file; and the exports made by themselves."""
