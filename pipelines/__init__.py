"""Tables in, tables out: pure computation that knows neither the store nor the web."""
