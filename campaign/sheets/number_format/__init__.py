"""What Excel's number format codes mean: a code and a value become the text that a cell shows.

Followed are the rules Microsoft documents ("Number format codes", ECMA-376 part 1, 18.8.30 and 18.8.31) and, where
those are silent, what Excel for Windows in English (US) shows. Pure: no file is opened and no clock is read.
"""
