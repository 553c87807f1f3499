"""Schema migrations.

They come in pairs: `…_pre_…` is applied before the new version starts and works with the old one still
running, `…_post_…` cleans up once the old version is gone. They only ever go forward; going back is restoring
a backup.
"""
