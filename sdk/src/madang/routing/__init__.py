"""Which deployment a call goes to, and why. Pure: no clock, network or state of its own but the health book."""
