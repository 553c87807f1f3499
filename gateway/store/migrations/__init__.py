"""Schema migrations.

They come in pairs: `…_pre_…` only adds, so that it can be applied while the version before works on;
`…_post_…` takes away what is no longer needed. A post migration ships at the earliest in the version after
the one with its pre migration: then nobody is left who needs what it takes away. They only ever go forward;
going back is restoring a backup.
"""
