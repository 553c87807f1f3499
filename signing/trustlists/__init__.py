"""EU trusted lists (ETSI TS 119 612): which trust services are qualified, and since when."""
