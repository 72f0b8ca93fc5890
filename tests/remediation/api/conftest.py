from tests.kubewise_site.conftest import admin, api, browser, reader, stranger

__all__ = ["admin", "api", "browser", "reader", "stranger"]
