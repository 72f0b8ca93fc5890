from tests.kubewise_site.conftest import admin, api, browser

__all__ = ["admin", "api", "browser"]
