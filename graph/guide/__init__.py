"""Programme guides: schedules as viewers see them and editors make them, and imports of listings."""
