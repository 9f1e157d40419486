"""Tests see neither the caches nor the settings of whoever runs them, and take the time they need."""

import pytest
from hypothesis import settings

settings.register_profile("rebench", deadline=None)  # a busy machine is no failure
settings.load_profile("rebench")


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.delenv("REBENCH_DATA", raising=False)
        yield
