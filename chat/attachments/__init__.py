"""Files that users upload: storage, content types, pictures, quotas. Actions of `chat.actions` use them."""
