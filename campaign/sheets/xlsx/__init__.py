"""The parts of an .xlsx file (Office Open XML, ECMA-376), read as they stream by.

openpyxl's own reader is not used for the cells: it needs two to three times as long, loses the difference between
`_x000D_` and an escaped `_x005F_x000D_`, cannot tell a formula without a stored result from a blank cell, and gives up
on files that Excel opens (part names in another case, odd styles). What it knows of dates is used.
"""
