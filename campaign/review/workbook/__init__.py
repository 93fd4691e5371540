"""The parts of the results workbook: cells, sheet layouts, the sheet Summary and its charts."""
