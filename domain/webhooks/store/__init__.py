"""The tables of webhooks, and all their SQL, a module for each noun."""
