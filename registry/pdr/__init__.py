"""Migration from PDR: records read from files, checked, and entered once each."""
