"""Media: from an uploaded file to encrypted segments with DASH and HLS manifests over them.

The engine (`probe`, `ladder`, `complexity`, `plan`, `chunks`, `encode`, `subtitles`, `packager`) is free of the
database: it takes paths and frozen dataclasses, runs ffmpeg and Shaka Packager in a sandbox, and hands back paths.
Uploads and assets keep the state around it.
"""
