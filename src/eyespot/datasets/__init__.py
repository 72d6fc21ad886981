"""Photos with labels: from folders and tables to a value, and into folds that keep groups whole."""
