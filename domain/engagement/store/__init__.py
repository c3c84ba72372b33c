"""The tables of engagement, and all their SQL, a module for each noun."""
