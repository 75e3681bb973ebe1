"""Tests of hits and events."""

import pytest

pytest.register_assert_rewrite("tests.hits.storage_contract")
