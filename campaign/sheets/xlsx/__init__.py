"""Read .xlsx files (Office Open XML, ECMA-376) as a stream.

openpyxl's reader is not used for the cells: it takes two to three times as long, does not distinguish `_x000D_` from an
escaped `_x005F_x000D_` or a formula without a stored result from a blank cell, and fails on files that Excel opens
(part names in another case, unusual styles). Its functions for dates are used.
"""
