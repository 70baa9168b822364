"""Evidence: the recorder process, the seal, the journal and its tree, the bag, and the verdict."""
