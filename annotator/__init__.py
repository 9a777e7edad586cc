"""What serves people: the store, the queue, accounts, HTTP routes, screens, commands."""
