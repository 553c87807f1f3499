"""What `sisc doctor` looks at: one module a subject, each line with what was found and what to do."""
