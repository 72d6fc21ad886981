"""The papers' experiments as commands: each asks a question, trains, and answers with a chart."""
