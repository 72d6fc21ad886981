"""From photos to a classifier: heads on embeddings, chosen, fitted and measured."""
