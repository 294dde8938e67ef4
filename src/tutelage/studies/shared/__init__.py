"""What several studies share: stacks of teachers, sinking bulks, laws of other weights."""
