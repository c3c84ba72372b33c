"""The subcommands of `marquee`, one module each with its click command under the name `command`."""
