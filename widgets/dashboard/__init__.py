"""What every dashboard shares: its state in an address, work for idle times, how far to believe it.

In `js` stands the start of every dashboard's module, which `bundle` puts together.
"""
