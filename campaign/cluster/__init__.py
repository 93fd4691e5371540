"""Workers: processes on one machine or many that deliver runs which are left to them in a database."""
