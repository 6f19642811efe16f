"""A faithful stand-in for model vendors' HTTP interfaces, with speed and faults that are set while it runs."""

from madang_simulator.behaviour import Behaviour, Fault
from madang_simulator.control_body import ControlError
from madang_simulator.in_memory import InMemoryTransport
from madang_simulator.server import CannotListen, RunningSimulator, run, simulator_in_thread, start_simulator

__all__ = [
    "Behaviour",
    "CannotListen",
    "ControlError",
    "Fault",
    "InMemoryTransport",
    "RunningSimulator",
    "run",
    "simulator_in_thread",
    "start_simulator",
]
