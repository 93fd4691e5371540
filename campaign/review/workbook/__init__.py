"""The parts of the results workbook: what its cells, rows, sheets and charts are made of."""
