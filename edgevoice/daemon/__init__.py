"""The shell: tasks, threads, time."""
