"""What `from madang import …` gives: exactly the names that are promised, each documented."""

import inspect

import pytest

import madang
import madang.testing


def test_everything_promised_can_be_imported_and_is_listed() -> None:
    assert madang.__all__ == sorted(madang.__all__)
    assert set(madang.__all__) == {
        "AsyncMadang",
        "CallFailed",
        "ConfigError",
        "Madang",
        "MadangError",
        "PlatformRefused",
        "PlatformUnavailable",
        "__version__",
    }
    for name in madang.__all__:
        assert getattr(madang, name) is not None


def test_every_promised_class_says_what_it_is() -> None:
    for package in (madang, madang.testing):
        for name in package.__all__:
            value = getattr(package, name)
            if inspect.isclass(value) or inspect.isfunction(value):
                assert value.__doc__, name


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'Client'"):
        _ = madang.Client


def test_all_that_is_raised_on_purpose_can_be_caught_as_one() -> None:
    for name in ("CallFailed", "ConfigError", "PlatformRefused", "PlatformUnavailable"):
        assert issubclass(getattr(madang, name), madang.MadangError)
