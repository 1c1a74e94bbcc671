"""A run's folder: what is in it, who reads and writes which file, which runs there are. Neither torch nor NumPy.

A run is a process and a folder; an attempt is one life of its process; an event is one line of its log; a control is
one line that it is sent. Imports the recipe and what is below it.
"""
