"""Where the Gemini API and Vertex AI are called."""

import pytest

from madang.providers.gemini.address import gemini_url, vertex_url


@pytest.mark.parametrize(
    ("base_url", "version", "model", "url"),
    [
        ("", "", "gemini-2.5-flash", "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:go"),
        ("", "v1", "tunedModels/mine", "https://generativelanguage.googleapis.com/v1/tunedModels/mine:go"),
        ("https://proxy/", "", "m", "https://proxy/v1beta/models/m:go"),
        ("https://proxy/v1beta", "", "m", "https://proxy/v1beta/models/m:go"),
        ("https://proxy/v1alpha/", "v1", "m", "https://proxy/v1alpha/models/m:go"),
        ("", "", "a b?c#d", "https://generativelanguage.googleapis.com/v1beta/models/a%20b%3Fc%23d:go"),
    ],
)
def test_a_gemini_model_has_its_address(base_url: str, version: str, model: str, url: str) -> None:
    assert gemini_url(base_url, version, model, "go") == url


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("", "aiplatform.googleapis.com"),
        ("global", "aiplatform.googleapis.com"),
        ("europe-west4", "europe-west4-aiplatform.googleapis.com"),
        ("eu", "aiplatform.eu.rep.googleapis.com"),
    ],
)
def test_a_region_of_vertex_ai_has_its_host(region: str, host: str) -> None:
    place = f"projects/p/locations/{region or 'global'}/publishers/google/models/m"
    assert vertex_url("", "", region, "p", "m", "go") == f"https://{host}/v1/{place}:go"


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("endpoints/123", "projects/p/locations/eu/endpoints/123"),
        ("projects/q/locations/us-east1/endpoints/1", "projects/q/locations/us-east1/endpoints/1"),
        ("publishers/meta/models/x", "projects/p/locations/eu/publishers/meta/models/x"),
    ],
)
def test_a_model_of_ones_own_has_its_path(model: str, path: str) -> None:
    assert vertex_url("https://proxy", "v1beta1", "eu", "p", model, "go") == f"https://proxy/v1beta1/{path}:go"


def test_express_mode_names_no_project() -> None:
    assert vertex_url("", "", "europe-west4", "", "m", "go") == (
        "https://aiplatform.googleapis.com/v1/publishers/google/models/m:go"
    )
