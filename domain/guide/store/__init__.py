"""The tables of programme guides, and all their SQL: `slots` the schedules, `imports` what came from listings."""
