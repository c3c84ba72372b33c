"""The tables of media and all SQL about them: uploads, assets, their steps, and packages."""
