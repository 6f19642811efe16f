"""One simulator for all tests here, made afresh before each, and the official clients that speak to it."""

from collections.abc import Callable, Iterator

import pytest
from openai import AzureOpenAI, OpenAI

from madang_simulator import RunningSimulator, simulator_in_thread


@pytest.fixture(scope="session")
def running() -> Iterator[RunningSimulator]:
    with simulator_in_thread() as simulator:
        yield simulator


@pytest.fixture
def simulator(running: RunningSimulator) -> RunningSimulator:
    running.reset()
    return running


@pytest.fixture
def openai(simulator: RunningSimulator) -> Iterator[Callable[..., OpenAI]]:
    """Makes OpenAI clients of a deployment; none of them retries."""
    clients: list[OpenAI] = []

    def make(deployment: str = "east", *, api_key: str = "sk-any", timeout: float = 10) -> OpenAI:
        url = simulator.openai_url(deployment)
        clients.append(OpenAI(api_key=api_key, base_url=url, max_retries=0, timeout=timeout))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def azure(simulator: RunningSimulator) -> Iterator[Callable[..., AzureOpenAI]]:
    """Makes Azure clients of a deployment; none of them retries."""
    clients: list[AzureOpenAI] = []

    def make(deployment: str = "korea", *, api_key: str = "azure-key") -> AzureOpenAI:
        url = simulator.azure_url(deployment)
        clients.append(
            AzureOpenAI(api_key=api_key, azure_endpoint=url, api_version="2024-10-21", max_retries=0, timeout=10)
        )
        return clients[-1]

    yield make
    for client in clients:
        client.close()
