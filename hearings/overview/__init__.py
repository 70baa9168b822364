"""Work lists, effects of a change of the law, and the export of a whole case."""
