"""A job board: `models` is what it stores, `board` is what users do, and `worker` is what happens later."""
