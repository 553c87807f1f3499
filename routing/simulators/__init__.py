"""Life-like back ends inside the process: they answer as the real systems do, on whole life cycles."""
